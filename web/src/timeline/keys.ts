// What keys do in the picture: arrows go from mark to mark, or move the window where the picture itself has the focus.
import type { Mark } from "../contract.ts";
import type { PlacedLane } from "./lanes.ts";
import { reach, type Window } from "./reach.ts";
import { shifted, zoomed } from "./windows.ts";

const NEARER = 1.5;
const SHARE = 0.25;

/** The marks of each lane in the order of their days: one goes along a lane, and from lane to lane. */
export function ordered(lanes: readonly PlacedLane[], today: number): Mark[][] {
  return lanes
    .map(({ lane }) => [...lane.marks].sort((one, other) => reach(one, today).from - reach(other, today).from))
    .filter((marks) => marks.length > 0);
}

/** The mark that an arrow key leads to; null for other keys. At an end one stays. */
export function next(marks: readonly Mark[][], current: string, key: string, today: number): Mark | null {
  const lane = marks.findIndex((each) => each.some((mark) => mark.id === current));
  const along = marks[lane];
  if (!along) return null;
  const place = along.findIndex((mark) => mark.id === current);
  if (key === "ArrowRight") return along[Math.min(place + 1, along.length - 1)]!;
  if (key === "ArrowLeft") return along[Math.max(place - 1, 0)]!;
  if (key === "Home") return along[0]!;
  if (key === "End") return along.at(-1)!;
  if (key === "ArrowDown") return nearest(marks[Math.min(lane + 1, marks.length - 1)]!, along[place]!, today);
  if (key === "ArrowUp") return nearest(marks[Math.max(lane - 1, 0)]!, along[place]!, today);
  return null;
}

function nearest(marks: readonly Mark[], to: Mark, today: number): Mark {
  if (marks.includes(to)) return to;
  const time = reach(to, today).until;
  const distance = (mark: Mark) => Math.abs(reach(mark, today).until - time);
  return marks.reduce((best, mark) => (distance(mark) < distance(best) ? mark : best));
}

/** The window that a key leads to; null for other keys. */
export function windowAfter(key: string, shown: Window, all: Window): Window | null {
  if (key === "+" || key === "=") return zoomed(shown, NEARER, all);
  if (key === "-") return zoomed(shown, 1 / NEARER, all);
  if (key === "0") return all;
  if (key === "ArrowLeft") return shifted(shown, -SHARE, all);
  if (key === "ArrowRight") return shifted(shown, SHARE, all);
  return null;
}
