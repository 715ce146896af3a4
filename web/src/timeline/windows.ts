// Which days the picture shows: at first, by the buttons, and what zooming and moving make of it.
import type { Mark, Timeline } from "../contract.ts";
import { at, DAY, endOf } from "../days.ts";
import { reach, type Window } from "./reach.ts";

const AROUND = 400 * DAY;
const BEFORE = 456 * DAY; // fifteen months, which the picture spans at least
const FURTHEST = 730 * DAY; // before the onset; what changed earlier may lie at the left of the window
const LIFE = 120 * 366 * DAY; // dates before that are slips of the pen: they don't widen the picture
const LEAST = 14 * DAY;
const LITTLE = 30 * DAY;
const AIR = 0.03;
const AFTER = 0.05; // of the days before today

/** All days of the picture, with a little room at both ends. */
export function whole(timeline: Timeline): Window {
  const today = at(timeline.today);
  const times = [today - BEFORE, today + BEFORE * AFTER];
  for (const lane of timeline.lanes) {
    for (const mark of lane.marks) {
      const { from, until } = reach(mark, today);
      times.push(from, until);
    }
  }
  if (timeline.onset) times.push(at(timeline.onset.begins), endOf(timeline.onset.ends));
  const likely = times.filter((time) => Math.abs(time - today) < LIFE);
  return airy([least(likely), most(likely)]);
}

/** The days that one needs for the contributors: from a little before what changed until a little after today. */
export function opening(timeline: Timeline): Window {
  const today = at(timeline.today);
  const onset = timeline.onset ? Math.min(at(timeline.onset.begins), today) : today;
  const times = [today - AROUND, onset - LITTLE];
  const linked = new Set(timeline.contributors.flatMap((each) => each.marks));
  for (const lane of timeline.lanes) {
    for (const mark of lane.marks) {
      const turn = linked.has(mark.id) ? lastTurn(mark) : null;
      if (turn !== null && turn > onset - FURTHEST) times.push(turn - LITTLE);
    }
  }
  const first = least(times);
  return within([first, today + (today - first) * AFTER], whole(timeline));
}

/** When a mark changed last: its day, its start, the last step of its dose. */
function lastTurn(mark: Mark): number | null {
  const days = [...(mark.begins === null ? [] : [mark.begins]), ...mark.steps.map((step) => step.on)];
  return days.length > 0 ? most(days.map(at)) : null;
}

/** From 400 days before the cramps to today. */
export function aroundCramps(timeline: Timeline): Window | null {
  if (!timeline.onset) return null;
  const from = at(timeline.onset.begins) - AROUND;
  return within(airy([from, Math.max(at(timeline.today), endOf(timeline.onset.ends))]), whole(timeline));
}

/** The window, nearer (*factor* above 1) or further, about its middle. */
export function zoomed([from, until]: Window, factor: number, all: Window): Window {
  const middle = (from + until) / 2;
  const half = Math.max(LEAST, (until - from) / factor) / 2;
  return within([middle - half, middle + half], all);
}

/** The window moved by a *share* of its width; to the left where it is negative. */
export function shifted([from, until]: Window, share: number, all: Window): Window {
  const by = (until - from) * share;
  return within([from + by, until + by], all);
}

/** The window, moved so that something of what reaches *from* one time *until* another is inside it. */
export function showing(window: Window, { from, until }: { from: number; until: number }, all: Window): Window {
  const [first, last] = window;
  if (until >= first && from <= last) return window;
  const half = (last - first) / 2;
  const middle = until < first ? until : from;
  return within([middle - half, middle + half], all);
}

/** How many times nearer one may go than the whole. */
export function nearest([from, until]: Window): number {
  return Math.max(1, (until - from) / LEAST);
}

function within([from, until]: Window, [first, last]: Window): Window {
  const width = Math.min(until - from, last - first);
  const start = Math.min(Math.max(from, first), last - width);
  return [start, start + width];
}

function airy([from, until]: Window): Window {
  const air = Math.max(DAY, (until - from) * AIR);
  return [from - air, until + air];
}

function least(times: number[]): number {
  return times.reduce((one, other) => Math.min(one, other));
}

function most(times: number[]): number {
  return times.reduce((one, other) => Math.max(one, other));
}
