// Small things that all views use: a verdict, a link to a place, a text to copy, a list that grows, a grid of buttons.
import type { ComponentChildren } from "preact";
import { useRef, useState } from "preact/hooks";
import { SIGNS, type Verdict } from "./cells.ts";
import { hashOf, type Place, useStore } from "./store.ts";

/** Sign and word: never the colour alone. */
export function VerdictMark({ verdict }: { verdict: Verdict }) {
  return (
    <span class={`mark ${verdict}`}>
      <span aria-hidden="true">{SIGNS[verdict]}</span> {verdict}
    </span>
  );
}

export function LinkTo({ place, children }: { place: Place; children: ComponentChildren }) {
  return <a href={hashOf(place, useStore())}>{children}</a>;
}

/** The address of a cell, leading to it. */
export function CellLink({ cell }: { cell: number }) {
  return (
    <LinkTo place={{ view: "cell", cell }}>
      <code>{useStore().cells.id(cell)}</code>
    </LinkTo>
  );
}

/** A text in which web addresses can be followed. */
export function Linked({ text }: { text: string }) {
  return (
    <>
      {text.split(/(https?:\/\/[^\s<>"'()]+[^\s<>"'().,;:])/).map((part, index) =>
        index % 2 === 0 ? (
          part
        ) : (
          <a key={index} href={part} rel="noreferrer">
            {part}
          </a>
        ),
      )}
    </>
  );
}

/** A command and a button that copies it; where the clipboard is out of reach it is selected instead. */
export function Copyable({ text, what }: { text: string; what: string }) {
  const code = useRef<HTMLElement>(null);
  const [said, say] = useState("");
  const copy = async (): Promise<void> => {
    const copied = await navigator.clipboard?.writeText(text).then(
      () => true,
      () => false,
    );
    if (copied !== true && code.current !== null) getSelection()?.selectAllChildren(code.current);
    say(copied === true ? "Copied" : "Selected: copy it with Ctrl+C");
  };
  return (
    <p class="copyable">
      <code ref={code}>{text}</code>{" "}
      <button aria-label={`Copy ${what}`} onClick={() => void copy()}>
        Copy
      </button>{" "}
      <span role="status" class="dim">
        {said}
      </span>
    </p>
  );
}

/** The first of many, and a button for more. */
export function Growing({ total, step, children }: { total: number; step: number; children: (most: number) => ComponentChildren }) {
  const [most, grow] = useState(step);
  return (
    <>
      {children(Math.min(most, total))}
      {total > most && (
        <button class="more" onClick={() => grow(most + step)}>
          Show {Math.min(step, total - most)} more of {(total - most).toLocaleString("en")}
        </button>
      )}
    </>
  );
}

/** Moves the focus between buttons that have `data-row` and `data-column`: one stop for Tab, arrows inside. */
export function moveInGrid(event: KeyboardEvent): void {
  const grid = event.currentTarget as HTMLElement;
  const now = (event.target as HTMLElement).closest<HTMLElement>("[data-row]");
  const step = STEPS[event.key];
  if (now === null || step === undefined) return;
  event.preventDefault();
  const next = step(now, [...grid.querySelectorAll<HTMLElement>("[data-row]:not(:disabled)")]);
  if (next === undefined) return;
  for (const other of grid.querySelectorAll<HTMLElement>("[data-row][tabindex='0']")) other.tabIndex = -1;
  next.tabIndex = 0;
  next.focus();
}

type Step = (now: HTMLElement, all: readonly HTMLElement[]) => HTMLElement | undefined;

const row = ({ dataset }: HTMLElement): number => Number(dataset["row"]);
const column = ({ dataset }: HTMLElement): number => Number(dataset["column"]);
const sameRow = (now: HTMLElement, all: readonly HTMLElement[]): HTMLElement[] => all.filter((one) => row(one) === row(now));
const sameColumn = (now: HTMLElement, all: readonly HTMLElement[]): HTMLElement[] => all.filter((one) => column(one) === column(now));

const STEPS: Readonly<Record<string, Step>> = {
  ArrowRight: (now, all) => sameRow(now, all).find((one) => column(one) > column(now)),
  ArrowLeft: (now, all) => sameRow(now, all).findLast((one) => column(one) < column(now)),
  ArrowDown: (now, all) => sameColumn(now, all).find((one) => row(one) > row(now)),
  ArrowUp: (now, all) => sameColumn(now, all).findLast((one) => row(one) < row(now)),
  Home: (now, all) => sameRow(now, all)[0],
  End: (now, all) => sameRow(now, all).at(-1),
};
