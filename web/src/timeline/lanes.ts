// Where the lanes are: their groups, their order, their heights, and the rows of marks that would cover each other.
import type { Lane, Mark, Timeline } from "../contract.ts";
import { DAY } from "../days.ts";
import { isTold, type Rows } from "./links.ts";
import { reach } from "./reach.ts";

export const HEADING = 20;
export const NAME = 18; // a lane's name above it, where the window is narrow
const HEIGHTS = { cramps: 28, drug: 40, result: 72, diagnosis: 28 } as const;
const LOW = { cramps: 24, drug: 28, result: 44, diagnosis: 24 } as const; // of lanes that no contributor rests on
const PADDING = 6;
const FEW = 12; // lanes that are shown at once where there is no contributor to choose by
const GROUPS = [
  ["cramps", "Cramps"],
  ["drug", "Drugs"],
  ["result", "Results"],
  ["diagnosis", "Diagnoses"],
] as const;

export type PlacedLane = {
  lane: Lane;
  top: number; // of the lane, with its name where that is above
  body: number; // top of its marks
  height: number; // of its marks
  row: number; // height of one row of marks
  rows: ReadonlyMap<string, number>;
  isLinked: boolean;
};
export type Group = { kind: Lane["kind"]; label: string; top: number; bottom: number };
export type Layout = { groups: Group[]; lanes: PlacedLane[]; bottom: number };

/** The lanes on which contributors rest, with those of the cramps; or all, in groups, the linked ones first. */
export function chosen(timeline: Timeline, rows: Rows, isAll: boolean, lit: ReadonlySet<string> | null): Lane[] {
  const isPlain = isAll || (rows.byMark.size === 0 && timeline.lanes.length <= FEW);
  const isWanted = (lane: Lane) =>
    isPlain || lane.kind === "cramps" || lane.marks.some(({ id }) => rows.byMark.has(id) || lit?.has(id));
  const wanted = timeline.lanes.filter(isWanted);
  return GROUPS.flatMap(([kind]) => {
    const group = wanted.filter((lane) => lane.kind === kind);
    return [...group.filter((lane) => isLinked(lane, rows)), ...group.filter((lane) => !isLinked(lane, rows))];
  });
}

/** Whether a contributor rests on a lane that was not set aside. */
export function isLinked(lane: Lane, rows: Rows): boolean {
  return lane.marks.some((mark) => isTold(rows, mark.id));
}

/** Lanes below each other from *top* on; *isNarrow* puts their names above them. */
export function layout(lanes: readonly Lane[], rows: Rows, today: number, top: number, isNarrow: boolean): Layout {
  const groups: Group[] = [];
  const placed: PlacedLane[] = [];
  let y = top;
  for (const [kind, label] of GROUPS) {
    const members = lanes.filter((lane) => lane.kind === kind);
    if (members.length === 0) continue;
    const start = y;
    y += HEADING;
    for (const lane of members) {
      const one = place(lane, rows, today, y, isNarrow);
      placed.push(one);
      y = one.body + one.height + PADDING;
    }
    groups.push({ kind, label, top: start, bottom: y });
    y += PADDING;
  }
  return { groups, lanes: placed, bottom: y };
}

/** The lanes without the last ones that no contributor rests on, until they are at most so high: paper has an end. */
export function cutTo(height: number, lanes: readonly Lane[], rows: Rows, today: number, top: number): Lane[] {
  const kept = [...lanes];
  while (layout(kept, rows, today, top, false).bottom > height) {
    const last = kept.findLastIndex((lane) => lane.kind !== "cramps" && !isLinked(lane, rows));
    if (last === -1) break;
    kept.splice(last, 1);
  }
  return kept;
}

function place(lane: Lane, rows: Rows, today: number, top: number, isNarrow: boolean): PlacedLane {
  const linked = isLinked(lane, rows);
  const row = (linked || lane.kind === "cramps" ? HEIGHTS : LOW)[lane.kind];
  const packed = lane.kind === "result" ? new Map<string, number>() : pack(lane.marks, today);
  const count = 1 + Math.max(0, ...packed.values());
  return { lane, top, body: top + (isNarrow ? NAME : 0), height: row * count, row, rows: packed, isLinked: linked };
}

/** The row of each mark, so that none lies on another: courses of two products at once, a diagnosis entered twice. */
function pack(marks: readonly Mark[], today: number): Map<string, number> {
  const ends: number[] = [];
  const rows = new Map<string, number>();
  const spans = marks.map((mark) => ({ id: mark.id, ...reach(mark, today) }));
  spans.sort((one, other) => one.from - other.from || one.until - other.until);
  for (const { id, from, until, isOpen } of spans) {
    const begin = isOpen ? -Infinity : from;
    const free = ends.findIndex((end) => end <= begin);
    const row = free === -1 ? ends.length : free;
    ends[row] = Math.max(until, from + DAY);
    rows.set(id, row);
  }
  return rows;
}
