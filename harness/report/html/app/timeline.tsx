// What happened in a cell, drawn: lanes over time, marks for faults, the longest time without a healthy agent.
import type { Lane, Span, Timeline, TimelineMark } from "../data.ts";
import { timelineSentence } from "../timeline.ts";
import { duration } from "./format.ts";

const WIDTH = 960;
const LEFT = 225;
const LANE = 26;
const TOP = 26;
const LETTER = 7;
const MOST_NAME = 31;
const MOST_LABEL = 60;
/** Pixels below the lanes: for the marks' triangles, and for each line of text. */
const FOOT = 16;
const LINE = 18;

export function TimelinePicture({ timeline }: { timeline: Timeline }) {
  const { lanes, moreLanes, marks, downtime } = timeline;
  const x = (t: number): number => LEFT + (t / timeline.end) * (WIDTH - LEFT - 10);
  const faults = marks.filter(({ kind }) => kind !== "request");
  const bottom = TOP + lanes.length * LANE;
  const words = named(faults, x);
  const height = bottom + FOOT + (words.length > 0 ? LINE : 0) + (downtime === null ? 0 : LINE);
  return (
    <>
      <h3>Timeline</h3>
      <div class="scroll" role="region" aria-label="Timeline" tabIndex={0}>
        <svg
          class="timeline"
          width={WIDTH}
          height={height}
          viewBox={`0 0 ${WIDTH} ${height}`}
          role="img"
          aria-label={timelineSentence(timeline)}
        >
          <Ticks end={timeline.end} x={x} bottom={bottom} />
          <Downtime timeline={timeline} x={x} bottom={bottom} words={height - 8} />
          {lanes.map((lane, index) => (
            <LaneRow key={lane.name} lane={lane} y={TOP + index * LANE} x={x} />
          ))}
          {faults.map((mark, index) => (
            <MarkLine key={index} mark={mark} x={x(mark.t)} bottom={bottom} />
          ))}
          {words.map(({ mark, at }) => (
            <text key={mark.t} class={`marktext ${mark.kind}`} x={at} y={bottom + 26} text-anchor={at > WIDTH / 2 ? "end" : "start"}>
              {short(mark.label, at)}
            </text>
          ))}
        </svg>
      </div>
      {moreLanes > 0 && <p class="dim">{`… and ${moreLanes} more lanes, in the cell's observations`}</p>}
      <details class="block">
        <summary>The timeline as a list</summary>
        <EventTable timeline={timeline} />
      </details>
    </>
  );
}

/** Where a time lies in the picture. */
type X = (t: number) => number;

function Ticks({ end, x, bottom }: { end: number; x: X; bottom: number }) {
  return (
    <>
      {ticks(end).map((t) => (
        <g key={t} class="tick">
          <line x1={x(t)} x2={x(t)} y1={TOP - 6} y2={bottom} />
          <text x={x(t)} y={TOP - 10} text-anchor={t === 0 ? "start" : x(t) > WIDTH - 30 ? "end" : "middle"}>
            {duration(t)}
          </text>
        </g>
      ))}
    </>
  );
}

/** Over all lanes where there is one agent; of a member over its own lane. */
function Downtime({ timeline: { lanes, downtime }, x, bottom, words }: { timeline: Timeline; x: X; bottom: number; words: number }) {
  if (downtime === null) return null;
  const lane = lanes.findIndex(({ name }) => name === downtime.lane);
  const alone = downtime.lane === "agent answers" || lane < 0;
  const who = alone ? "no healthy agent" : `${downtime.lane}: no healthy answer`;
  const [y, height] = alone ? [TOP, bottom - TOP] : [TOP + lane * LANE, LANE];
  return (
    <>
      <rect class="down" x={x(downtime.from)} y={y} width={Math.max(2, x(downtime.to) - x(downtime.from))} height={height} />
      <text class="downtext" x={Math.min(x(downtime.from), WIDTH - 280)} y={words}>
        {`${who} for ${duration(downtime.to - downtime.from)}`}
      </text>
    </>
  );
}

function LaneRow({ lane: { name, spans }, y, x }: { lane: Lane; y: number; x: (t: number) => number }) {
  return (
    <g>
      <text class="lane" x={0} y={y + LANE / 2 + 4}>
        {name.length > MOST_NAME ? `${name.slice(0, MOST_NAME - 1)}…` : name}
      </text>
      {spans.map((span, index) => {
        const width = Math.max(2, x(span.to) - x(span.from));
        const fits = Math.floor((width - 8) / LETTER);
        return (
          <g key={index}>
            <rect class={`span ${span.tone}`} x={x(span.from)} y={y + 3} width={width} height={LANE - 6} rx={2}>
              <title>{spanText(span)}</title>
            </rect>
            {fits > 1 && (
              <text class="in" x={x(span.from) + 4} y={y + LANE / 2 + 4} aria-hidden="true">
                {span.label.length > fits ? `${span.label.slice(0, fits - 1)}…` : span.label}
              </text>
            )}
          </g>
        );
      })}
    </g>
  );
}

function MarkLine({ mark, x, bottom }: { mark: TimelineMark; x: number; bottom: number }) {
  return (
    <g class={`at ${mark.kind}`}>
      <title>{`${duration(mark.t)} ${mark.label}`}</title>
      <line x1={x} x2={x} y1={TOP - 4} y2={bottom + 4} />
      <path d={`M${x} ${bottom + 2} l5 9 h-10 z`} />
    </g>
  );
}

/** Marks beside which there is room for their words: none of them runs into the next one. */
function named(marks: readonly TimelineMark[], x: (t: number) => number): { mark: TimelineMark; at: number }[] {
  const chosen: { mark: TimelineMark; at: number }[] = [];
  let free = 0;
  for (const mark of marks) {
    const at = x(mark.t) + (x(mark.t) > WIDTH / 2 ? -8 : 8);
    const width = short(mark.label, at).length * LETTER;
    const [left, right] = at > WIDTH / 2 ? [at - width, at] : [at, at + width];
    if (left < free) continue;
    chosen.push({ mark, at });
    free = right + LETTER;
  }
  return chosen;
}

/** As much of a text as fits between a place and the edge it runs to. */
function short(text: string, at: number): string {
  const fits = Math.min(MOST_LABEL, Math.floor((at > WIDTH / 2 ? at : WIDTH - at) / LETTER));
  return text.length > fits ? `${text.slice(0, Math.max(1, fits - 1))}…` : text;
}

function spanText({ from, to, label }: Span): string {
  return `${duration(from)} – ${duration(to)}  ${label}`;
}

/** The same in words, in the order of time. */
function EventTable({ timeline: { lanes, marks } }: { timeline: Timeline }) {
  const events = [
    ...lanes.flatMap(({ name, spans }) =>
      spans.map((span) => ({ t: span.from, name, text: `${span.label} (until ${duration(span.to)})` })),
    ),
    ...marks.map(({ t, kind, label }) => ({ t, name: kind, text: label })),
  ].toSorted((a, b) => a.t - b.t);
  return (
    <div class="scroll" role="region" aria-label="Timeline as a list" tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th scope="col">at</th>
            <th scope="col">lane</th>
            <th scope="col">what</th>
          </tr>
        </thead>
        <tbody>
          {events.map(({ t, name, text }, index) => (
            <tr key={index}>
              <td class="number">{duration(t)}</td>
              <td>{name}</td>
              <td>{text}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Five to ten round times. */
function ticks(end: number): number[] {
  const rough = end / 8;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10) * power;
  return Array.from({ length: Math.floor(end / step) + 1 }, (_, index) => index * step);
}
