// One cell: what was expected and found, its plan with the failing step, its timeline, trees and logs, and how to replay it.
import { useEffect, useState } from "preact/hooks";
import type { DetailBlock, DetailData, DetailFinding, DetailStep, DetailTable } from "../data.ts";
import { count, duration } from "./format.ts";
import { Copyable, Linked, LinkTo, VerdictMark } from "./parts.tsx";
import { useStore } from "./store.ts";
import { TimelinePicture } from "./timeline.tsx";

export function CellView({ cell }: { cell: number }) {
  const { data, cells } = useStore();
  const { columns } = data;
  const number = (column: "downtimeMs" | "durationMs" | "inverted"): number => columns[column][cell] ?? -1;
  const [outcome, expected] = [cells.word("outcome", "outcomes", cell), cells.word("expect", "texts", cell)];
  const pair = {
    view: "pair",
    product: columns.product[cell] ?? 0,
    environment: columns.environment[cell] ?? 0,
    from: columns.from[cell] ?? 0,
    to: columns.to[cell] ?? 0,
  } as const;
  const reason = cells.word("reason", "texts", cell);
  const facts = [
    `expected ${expected}, found ${outcome === "" ? "no outcome" : outcome}`,
    `${number("inverted") === 1 ? "inverted " : ""}${cells.word("kind", "kinds", cell)}`,
    `took ${duration(number("durationMs"))}`,
    ...(number("downtimeMs") < 0 ? [] : [`downtime ${duration(number("downtimeMs"))}`]),
  ];
  return (
    <article class="cell">
      <h2 tabIndex={-1}>
        <VerdictMark verdict={cells.verdict(cell)} /> <code>{cells.id(cell)}</code>
      </h2>
      <p>{cells.word("summary", "texts", cell)}</p>
      <p class="facts">{facts.join(" · ")}</p>
      {reason !== "" && (
        <p class="note">
          <Linked text={reason} />
        </p>
      )}
      <p>
        <LinkTo place={pair}>All scenarios of this pair</LinkTo>
      </p>
      <h3>Replay</h3>
      <Copyable text={cells.replay(cell)} what="the replay command" />
      {["failed", "errored", "known", "fixed"].includes(cells.verdict(cell)) && (
        <>
          <h3>Since when</h3>
          <Copyable text={cells.history(cell)} what="the history command" />
        </>
      )}
      <Details cell={cell} />
    </article>
  );
}

/** What is embedded of some cells only. */
function Details({ cell }: { cell: number }) {
  const store = useStore();
  const at = store.data.columns.detail[cell] ?? -1;
  const [detail, set] = useState<DetailData | Error | undefined>();
  useEffect(() => {
    set(undefined);
    if (at < 0) return;
    store.details().then(
      (all) => set(all[at]),
      (error: unknown) => set(new Error("Cannot read the details in this file", { cause: error })),
    );
  }, [store, at]);
  if (at < 0) {
    const why =
      store.cells.verdict(cell) === "skipped"
        ? "It was skipped: there is nothing more to tell."
        : `This file tells ${count(store.data.detailed, "cell")} at length, and this one is not among them. The replay shows it; so do its observations in cells/, beside this file.`;
    return <p class="note">{why}</p>;
  }
  if (detail instanceof Error) return <p class="note bad">{`${detail.message}: ${String(detail.cause)}`}</p>;
  if (detail === undefined) return <p role="status">Reading …</p>;
  return (
    <>
      {detail.timeline !== null && <TimelinePicture timeline={detail.timeline} />}
      <Plan steps={detail.steps} />
      <Findings findings={detail.findings} more={detail.moreFindings} />
      {detail.tables.map((table) => (
        <Told key={table.title} table={table} />
      ))}
      {detail.faults.length > 0 && (
        <>
          <h3>Faults</h3>
          <ul>
            {detail.faults.map((line, index) => (
              <li key={index}>{line}</li>
            ))}
          </ul>
        </>
      )}
      {detail.blocks.map((block, index) => (
        <Block key={index} block={block} />
      ))}
    </>
  );
}

function Plan({ steps }: { steps: readonly DetailStep[] }) {
  if (steps.length === 0) return null;
  return (
    <>
      <h3>Plan</h3>
      <ol class="plan">
        {steps.map((step, index) => {
          const bad = step.status === "failed" || step.findings > 0;
          const sign = bad ? "✗" : step.status === "done" ? "✓" : "·";
          return (
            <li key={index} class={bad ? "bad" : step.status}>
              <span class="sign" aria-hidden="true">
                {sign}
              </span>
              <span>
                <span class="unseen">{bad ? "failed: " : step.status === "done" ? "" : "not reached: "}</span>
                {step.sentence}
                {step.findings > 0 && <strong> ← {count(step.findings, "finding")}</strong>} <span class="dim">{step.took}</span>
                {step.message !== "" && <span class="message">{step.message}</span>}
              </span>
            </li>
          );
        })}
      </ol>
    </>
  );
}

function Findings({ findings, more }: { findings: readonly DetailFinding[]; more: number }) {
  if (findings.length === 0) return null;
  return (
    <>
      <h3>
        Findings <span class="dim">(- expected, + found)</span>
      </h3>
      {findings.map((finding, index) => (
        <section key={index} class="finding">
          <h4>
            {finding.check} {finding.step !== null && <span class="dim">step {finding.step}</span>}
          </h4>
          {finding.paths.length > 0 && <p class="paths">{finding.paths.join("\n")}</p>}
          <Lines label={`Finding ${finding.check}`} lines={[...signed("-", finding.expected), ...signed("+", finding.actual)]} />
        </section>
      ))}
      {more > 0 && <p class="dim">… and {count(more, "more finding")}, all in the record</p>}
    </>
  );
}

/** A row in which something is not as it should be has a sign beside its colour. */
function Told({ table: { title, head, rows, more } }: { table: DetailTable }) {
  return (
    <>
      <h3>{title}</h3>
      <div class="scroll" role="region" aria-label={title} tabIndex={0}>
        <table>
          <thead>
            <tr>
              {head.map((name) => (
                <th key={name} scope="col">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map(({ cells, bad }) => (
              <tr key={cells[0]} class={bad ? "bad" : undefined}>
                {cells.map((text, index) =>
                  index === 0 ? (
                    <th key={index} scope="row">
                      {bad ? "✗ " : ""}
                      {text}
                    </th>
                  ) : (
                    <td key={index}>{text}</td>
                  ),
                )}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {more > 0 && <p class="dim">… and {count(more, "more row")}</p>}
    </>
  );
}

function signed(sign: string, text: string): string[] {
  return text
    .trimEnd()
    .split("\n")
    .map((line) => sign + line);
}

/** Logs are long and open on demand; what differs is shown at once. */
function Block({ block: { title, lines } }: { block: DetailBlock }) {
  const folded = !/^(Tree|Also|Problems)/.test(title);
  return (
    <details class="block" open={!folded}>
      <summary>{title}</summary>
      <Lines label={title} lines={lines} />
    </details>
  );
}

const KIND: Readonly<Record<string, string>> = { "-": "minus", "+": "plus", "@": "dim" };

function Lines({ lines, label }: { lines: readonly string[]; label: string }) {
  return (
    <pre tabIndex={0} role="region" aria-label={label}>
      {lines.map((line, index) => (
        <span key={index} class={KIND[line[0] ?? ""]}>
          {`${line[0] === "@" ? " " : line[0]} ${line.slice(1)}\n`}
        </span>
      ))}
    </pre>
  );
}
