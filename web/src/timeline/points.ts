// Results as points on the lane's own scale of values, with the laboratory's band behind them.
import { scaleLinear, type ScaleLinear } from "d3-scale";

import type { Mark } from "../contract.ts";
import type { Scale } from "./axis.ts";
import type { Box, Wish } from "./placement.ts";
import type { PlacedLane } from "./lanes.ts";
import { isTold, type Rows, rowsAt } from "./links.ts";
import { reach } from "./reach.ts";
import type { Writer } from "./reported.ts";

const AIR = 8; // pixels above and below
const BEYOND = 20; // pixels that the band reaches beyond the first and last result
const RADIUS = 5;
const LINE = 12; // pixels between two values at the left

export type Place = "within" | "low" | "high" | "unknown";
export type Point = { mark: Mark; x: number; y: number; from: number; until: number; place: Place };
export type Step = { x: number; y: number; width: number; height: number };
export type Values = ScaleLinear<number, number>;

/** Where a value stands against the limits that its laboratory gave with it. */
export function placeOf({ value, low, high }: Mark): Place {
  if (value === null || (low === null && high === null)) return "unknown";
  if (low !== null && value < low) return "low";
  return high !== null && value > high ? "high" : "within";
}

/** The values of a lane, from the least to the greatest of results and limits; the same wherever one zooms. */
export function values(placed: PlacedLane): Values {
  const told = placed.lane.marks.flatMap(({ value, low, high }) => [value, low, high]);
  const numbers = told.filter((number) => number !== null);
  const least = numbers.reduce((one, other) => Math.min(one, other), Infinity);
  const most = numbers.reduce((one, other) => Math.max(one, other), -Infinity);
  const isFlat = !(most > least);
  const around = numbers.length === 0 ? [0, 1] : isFlat ? [least - 1, most + 1] : [least, most];
  return scaleLinear(around, [placed.body + placed.height - AIR, placed.body + AIR]);
}

/** All results in the order of their days; one without a number lies at the foot of the lane. */
export function points(placed: PlacedLane, scale: Scale, heights: Values, today: number): Point[] {
  const foot = placed.body + placed.height - AIR;
  const found = placed.lane.marks.map((mark) => {
    const { from, until, isDay } = reach(mark, today);
    const middle = isDay ? from : (from + until) / 2;
    return {
      mark,
      x: scale(middle),
      y: mark.value === null ? foot : heights(mark.value),
      from: scale(from),
      until: scale(isDay ? from : until),
      place: placeOf(mark),
    };
  });
  return found.sort((one, other) => one.x - other.x);
}

/** The band in steps: each result's limits reach half way to its neighbours. */
export function band(all: readonly Point[], heights: Values): Step[] {
  const [foot = 0, head = 0] = heights.range();
  const steps: Step[] = [];
  all.forEach(({ mark, x }, index) => {
    if (mark.low === null && mark.high === null) return;
    const before = all[index - 1];
    const after = all[index + 1];
    const left = before ? (before.x + x) / 2 : x - BEYOND;
    const right = after ? (x + after.x) / 2 : x + BEYOND;
    const y = mark.high === null ? head - AIR / 2 : heights(mark.high);
    const bottom = mark.low === null ? foot + AIR / 2 : heights(mark.low);
    const last = steps.at(-1);
    if (last && last.y === y && last.height === bottom - y && Math.abs(last.x + last.width - left) < 0.5) {
      last.width = right - last.x;
    } else {
      steps.push({ x: left, y, width: right - left, height: bottom - y });
    }
  });
  return steps;
}

/** What stands at the left of a lane: the limits of the last result, or two values where none has limits. */
export function scaleMarks({ lane }: PlacedLane, heights: Values, writer: Writer): { y: number; text: string }[] {
  const limited = lane.marks.filter(({ low, high }) => low !== null || high !== null);
  const last = limited.sort((one, other) => (one.begins ?? "").localeCompare(other.begins ?? "")).at(-1);
  const marks = last ? limitMarks(last, heights, writer) : tickMarks(heights, writer);
  return marks.filter(({ y }, index) => index === 0 || y - marks[index - 1]!.y >= LINE);
}

function limitMarks(mark: Mark, heights: Values, writer: Writer): { y: number; text: string }[] {
  return (["high", "low"] as const).flatMap((which) => {
    const limit = mark[which];
    return limit === null ? [] : [{ y: heights(limit), text: writer.of(mark, which) }];
  });
}

function tickMarks(heights: Values, writer: Writer): { y: number; text: string }[] {
  return heights.ticks(2).reverse().map((value) => ({ y: heights(value), text: writer.tick(value) }));
}

/** What one wishes to write at points: the last value with its unit, then those of contributors, then those outside. */
export function wishes(
  shown: readonly Point[],
  last: Point | undefined,
  placed: PlacedLane,
  rows: Rows,
  writer: Writer,
): Wish[] {
  const { unit } = placed.lane;
  const rank = (point: Point) =>
    point === last ? 0 : isTold(rows, point.mark.id) ? 1 : point.place === "low" || point.place === "high" ? 2 : 3;
  const ranked = [...shown].sort((one, other) => rank(one) - rank(other) || other.x - one.x);
  return ranked
    .filter(({ mark }) => mark.value !== null || rows.byMark.has(mark.id))
    .map((point) => ({
      mark: point.mark.id,
      text: written(point.mark, writer, point === last ? unit : ""),
      tags: rowsAt(rows, point.mark.id),
      isNeeded: rank(point) < 2,
      spots: (width) => around(point, width),
    }));
}

/** A value as it was measured, and beside it what a formula makes of it, by which it is judged. */
function written(mark: Mark, writer: Writer, unit: string): string {
  const measured = [writer.of(mark, "value"), unit].filter(Boolean).join(" ");
  return mark.corrected ? `${measured} (corrected ${mark.corrected})` : measured;
}

/** Beside, above or below a point: further away where it can't be near. */
function around({ x, y }: Point, width: number): (readonly [number, number])[] {
  const near = RADIUS + 5;
  return [
    [x + near, y + 4],
    [x - near - width, y + 4],
    [x - width / 2, y - near],
    [x - width / 2, y + near + 8],
    [x + near, y - near],
    [x - near - width, y - near],
    [x + near, y + near + 8],
    [x - near - width, y + near + 8],
  ];
}

export function boxes(all: readonly Point[]): Box[] {
  return all.map(({ x, y }) => ({ left: x - RADIUS, top: y - RADIUS, right: x + RADIUS, bottom: y + RADIUS }));
}
