// Drug courses, diagnoses and reports of cramps as bars: their pieces in pixels, and what is written at them.
import type { Lane, Mark } from "../contract.ts";
import { at, endOf, written } from "../days.ts";
import { SIZE, tagsWidth, type Wish } from "./placement.ts";
import type { PlacedLane } from "./lanes.ts";
import { type Rows, rowsAt } from "./links.ts";
import { reach, type Window } from "./reach.ts";
import { fitted, widthOf } from "./texts.ts";
import type { Scale } from "./axis.ts";
import { period } from "./words.ts";

const TAIL = 44; // pixels of what is not recorded
const THIN = 3;
const LEAST_DOSE = 0.15; // of the bar's height, for the least dose
const UNKNOWN_DOSE = 0.7;

export type Piece = { x: number; y: number; width: number; height: number; dose: string };
export type Bar = {
  mark: Mark;
  pieces: Piece[];
  left: number;
  right: number;
  top: number;
  base: number;
  tailBefore: number | null; // where the dashes of an unrecorded start begin
  tailAfter: number | null; // where the dots of an unrecorded end end
  sureFrom: number; // before that it is not certain that it had begun
  isUnstated: boolean; // it is first told of there: it may have begun before
  isPoint: boolean; // one day
  isUndated: boolean; // no day at all is known: it may lie anywhere up to today
  isRunning: boolean;
  changes: { x: number; text: string }[];
  given: number[];
  starts: string; // what is written at its beginning
};

/** The bars of a lane that reach into the window; where none does, the last one before it, to be told at its edge. */
export function bars(placed: PlacedLane, scale: Scale, today: number): { drawn: Bar[]; before: Bar | null } {
  const [left, right] = scale.range() as [number, number];
  const most = Math.max(0, ...placed.lane.marks.flatMap((mark) => mark.steps.map((step) => step.amount)));
  const all = placed.lane.marks.map((mark) => bar(mark, placed, scale, today, most));
  const drawn = all.filter((one) => (one.tailAfter ?? one.right) >= left && (one.tailBefore ?? one.left) <= right);
  const earlier = all.filter((one) => one.right < left).sort((one, other) => other.right - one.right);
  return { drawn, before: drawn.length === 0 ? (earlier[0] ?? null) : null };
}

function bar(mark: Mark, placed: PlacedLane, scale: Scale, today: number, most: number): Bar {
  const { from, until, isOpen, end, isDay } = reach(mark, today);
  const row = placed.rows.get(mark.id) ?? 0;
  const isDrug = placed.lane.kind === "drug";
  const base = placed.body + placed.row * (row + 1) - (isDrug ? 6 : 4);
  const height = placed.isLinked || placed.lane.kind === "cramps" ? (isDrug ? 20 : 10) : isDrug ? 8 : 6;
  const left = scale(from);
  const isUndated = isOpen && end === "unknown" && mark.given.length === 0 && mark.steps.length === 0;
  const right = Math.max(scale(until), left + THIN);
  const sure = mark.begins_until === null || placed.lane.kind === "diagnosis" ? left : scale(endOf(mark.begins_until));
  const steps = [...mark.steps].sort((one, other) => at(one.on) - at(other.on));
  return {
    mark,
    pieces: pieces(steps, from, left, right, base, height, most, scale),
    left,
    right,
    top: base - height,
    base,
    tailBefore: isUndated ? scale.range()[0]! : isOpen ? left - TAIL : null,
    tailAfter: end === "unknown" && !isUndated ? right + TAIL : null,
    sureFrom: Math.min(right, sure),
    isUnstated: !isOpen && !mark.starts_is_stated && placed.lane.kind !== "diagnosis",
    isPoint: isDay && !isDrug,
    isUndated,
    isRunning: end === "running",
    changes: changes(steps, from, scale),
    given: isDrug ? mark.given.map((day) => scale(at(day))) : [],
    starts: isUndated ? "date not recorded" : starts(mark, placed.lane.kind, steps[0]?.dose ?? ""),
  };
}

function pieces(
  steps: Mark["steps"],
  from: number,
  left: number,
  right: number,
  base: number,
  height: number,
  most: number,
  scale: Scale,
): Piece[] {
  const bounds = steps.map((step) => Math.min(right, Math.max(left, scale(at(step.on)))));
  const doses = steps.map((step, index) => {
    const x = index === 0 && at(step.on) <= from ? left : bounds[index]!;
    const tall = height * (LEAST_DOSE + (1 - LEAST_DOSE) * (most > 0 ? step.amount / most : 1));
    const width = Math.max(THIN, (bounds[index + 1] ?? right) - x);
    return { x, y: base - tall, width, height: tall, dose: step.dose };
  });
  const first = doses[0];
  if (first && first.x <= left) return doses;
  const tall = height * (steps.length > 0 ? LEAST_DOSE : UNKNOWN_DOSE);
  const before = { x: left, y: base - tall, width: Math.max(THIN, (first?.x ?? right) - left), height: tall, dose: "" };
  return [before, ...doses];
}

function changes(steps: Mark["steps"], from: number, scale: Scale): { x: number; text: string }[] {
  const later = steps.filter((step) => at(step.on) > from);
  return later.map((step) => ({ x: scale(at(step.on)), text: `${step.dose} from ${written(at(step.on))}` }));
}

function starts(mark: Mark, kind: Lane["kind"], dose: string): string {
  const when = period(mark, kind);
  return dose ? `${dose}, ${when}` : when;
}

/** What one wishes to write at the bars: the last change of a dose first, then where they begin. */
export function wishes(all: readonly Bar[], rows: Rows, [left, right]: Window): Wish[] {
  const changed: Wish[] = [];
  const begun: Wish[] = [];
  for (const bar of all) {
    const y = bar.top - 4;
    const seen = bar.changes.filter(({ x }) => x >= left && x <= right);
    const tags = rowsAt(rows, bar.mark.id);
    const last = seen.at(-1);
    [...seen].reverse().forEach((change) => {
      const around = (width: number) => [[change.x, y], [change.x - width, y]] as const;
      const own = change === last ? tags : [];
      changed.push({ mark: bar.mark.id, text: change.text, tags: own, isNeeded: false, spots: around });
    });
    const room = Math.min(right, last ? last.x : Infinity) - Math.max(left, bar.left) - tagsWidth(tags) - 12;
    const text = fitted(bar.starts, Math.max(room, widthOf("first recorded 25 May 2026", SIZE)), SIZE);
    const spots = (width: number) => beside(bar, y, width, left, right);
    begun.push({ mark: bar.mark.id, text, tags: last ? [] : tags, isNeeded: false, spots });
  }
  return [...changed, ...begun];
}

/** Over the beginning of what is seen of the bar, else before its end. */
function beside(bar: Bar, y: number, width: number, left: number, right: number): (readonly [number, number])[] {
  const start = Math.max(left + 4, bar.isUndated ? left : bar.left);
  const end = Math.min(right - 4, Math.max(bar.right, start));
  return [[start, y], [Math.min(start, right - width - 4), y], [end - width, y]];
}
