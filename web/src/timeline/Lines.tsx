import type { Timeline } from "../contract.ts";
import { at, endOf, written } from "../days.ts";
import { AXIS_SIZE, ticks, type Scale } from "./axis.ts";
import type { Window } from "./reach.ts";
import { fitted, widthOf } from "./texts.ts";

// one row each, so that nothing strikes through words: the name of the onset, that of today, the marks of the axis
const ONSET_BASE = 15;
const TODAY_BASE = 31;
const LINES_TOP = 36; // of what is upright
const AXIS_BASE = 50;
export const HEADER = 58;

type Props = { readonly timeline: Timeline; readonly scale: Scale; readonly bottom: number };

/** Where the names of a line stand: about it, inside the picture. */
function about(x: number, width: number, [left, right]: Window): number {
  return Math.max(left, Math.min(x - width / 2, right - width));
}

/** The time axis with its light lines, and today. */
export function Axis({ timeline, scale, bottom }: Props) {
  const [left, right] = scale.range() as [number, number];
  const today = scale(at(timeline.today));
  const isShown = today >= left && today <= right;
  const name = `Today ${written(at(timeline.today))}`;
  const width = widthOf(name, AXIS_SIZE, true);
  const { onset } = timeline;
  const edges = onset ? [at(onset.begins), ...(onset.begins === onset.ends ? [] : [endOf(onset.ends)])] : [];
  const lines = [today, ...edges.map((time) => scale(time))];
  const start = about(today, width, [left, right]);
  return (
    <g class="timeline-axis" aria-hidden="true">
      {ticks(scale, lines.map((x) => [x, x] as const)).map(({ x, text }) => (
        <g key={x}>
          <line class="timeline-grid" x1={x} x2={x} y1={HEADER - 4} y2={bottom} />
          {text && <text class="timeline-tick" x={x} y={AXIS_BASE} font-size={AXIS_SIZE}>{text}</text>}
        </g>
      ))}
      {isShown && <line class="timeline-today" data-line="today" x1={today} x2={today} y1={LINES_TOP} y2={bottom} />}
      {isShown && <text class="timeline-today-name" x={start} y={TODAY_BASE} font-size={AXIS_SIZE}>{name}</text>}
    </g>
  );
}

/** When the cramps began, across all lanes: a line, or the span of a partial date. */
export function OnsetLine({ timeline, scale, bottom }: Props) {
  const { onset } = timeline;
  if (!onset) return null;
  const [left, right] = scale.range() as [number, number];
  const isDay = onset.begins === onset.ends;
  const from = scale(at(onset.begins));
  const until = isDay ? from : scale(endOf(onset.ends));
  const name = fitted(onsetName(timeline), right - left - 20, AXIS_SIZE, true);
  const isBefore = until < left;
  const isAfter = from > right;
  const shown = isBefore ? `‹ ${name}` : isAfter ? `${name} ›` : name;
  const x = about((from + until) / 2, widthOf(shown, AXIS_SIZE, true), [left, right]);
  return (
    <g class="timeline-onset" aria-hidden="true">
      {!isBefore && !isAfter && !isDay && (
        <rect
          x={Math.max(left, from)}
          y={LINES_TOP}
          width={Math.min(right, until) - Math.max(left, from)}
          height={bottom - LINES_TOP}
        />
      )}
      {(isDay ? [from] : [from, until]).filter((each) => each >= left && each <= right).map((each) => (
        <line key={each} data-line="cramps" x1={each} x2={each} y1={LINES_TOP} y2={bottom} />
      ))}
      <text x={x} y={ONSET_BASE} font-size={AXIS_SIZE}>{shown}</text>
    </g>
  );
}

/** Whether leg cramps are reported that count. */
export function hasReport({ onset, lanes }: Timeline): boolean {
  return onset !== null || lanes.some(({ kind }) => kind === "cramps");
}

/** The onset in words, and whether anybody stated it. */
export function onsetName(timeline: Timeline): string {
  const { onset } = timeline;
  if (!onset) return hasReport(timeline) ? "No onset is recorded: no time classes" : "No leg cramps are reported here";
  const how = onset.is_stated ? "date in the record" : "first recorded";
  const said = onset.says.charAt(0).toUpperCase() + onset.says.slice(1);
  return said.includes(how) ? said : `${said} (${how})`;
}
