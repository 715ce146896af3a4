// The marks of the time axis that fit: years, months or days, none over another, none over "today".
import type { ScaleTime } from "d3-scale";

import { DAY, written } from "../days.ts";
import type { Window } from "./reach.ts";
import { widthOf } from "./texts.ts";

export type Scale = ScaleTime<number, number>;
export type Tick = { x: number; text: string }; // text is empty where it has no room

export const AXIS_SIZE = 12;
const APART = 10;
const NEAR = 3; // pixels to what is in the way
const LEAST = 20; // pixels that any mark with words needs

/** The marks of *scale*, as many as have room for words; without words where *taken*, left to right, is in the way. */
export function ticks(scale: Scale, taken: readonly Window[]): Tick[] {
  const [left = 0, right = 0] = scale.range();
  let all: (Tick & { half: number })[] = [];
  for (let count = Math.floor((right - left) / LEAST); count > 0; count = Math.floor(count * 0.8)) {
    all = marks(scale, count);
    if (all.every(({ x, half }, index) => index === 0 || x - half - APART >= rightOf(all[index - 1]!))) break;
  }
  return all.map(({ x, text, half }) => {
    const isFree = taken.every(([from, until]) => x + half + NEAR <= from || x - half - NEAR >= until);
    return { x, text: isFree && x - half >= left && x + half <= right ? text : "" };
  });
}

function rightOf({ x, half }: { x: number; half: number }): number {
  return x + half;
}

function marks(scale: Scale, count: number): (Tick & { half: number })[] {
  const times = scale.ticks(count).map(Number);
  const step = times.length > 1 ? times[1]! - times[0]! : DAY;
  return times.map((time) => {
    const text = named(time, step);
    return { x: scale(time), text, half: widthOf(text, AXIS_SIZE) / 2 };
  });
}

/** A mark as short as the *step* between two allows, always with its year. */
function named(time: number, step: number): string {
  const day = written(time);
  if (step >= 360 * DAY) return day.split(" ")[2]!;
  return step >= 28 * DAY ? day.replace(/^\d+ /, "") : day;
}
