// Where words go beside marks: the first free place of those that suit, else nowhere.
import { widthOf } from "./texts.ts";

export const SIZE = 11;
const HEIGHT = 13;
const BETWEEN = 3;

export type Box = { left: number; top: number; right: number; bottom: number };
/** *x* is the left edge of the text, *y* its base line. */
export type Label = { mark: string; text: string; tags: readonly string[]; x: number; y: number; width: number };
/** A label that is wished for; *spots* are left edges and base lines, the best first. */
export type Wish = {
  mark: string;
  text: string;
  tags: readonly string[];
  isNeeded: boolean; // rather over what is taken than not at all
  spots: (width: number) => readonly (readonly [x: number, y: number])[];
};

/**
 * The wishes that can be met, in their order, inside *room* and clear of the boxes *taken* and of each other.
 *
 * Where that is possible they also keep clear of the upright lines at *lines*.
 */
export function placed(wishes: readonly Wish[], room: Box, taken: readonly Box[], lines: readonly number[]): Label[] {
  const boxes: Box[] = [];
  const labels: Label[] = [];
  for (const { mark, text, tags, isNeeded, spots } of wishes) {
    const width = widthOf(text, SIZE) + tagsWidth(tags);
    const clear = spots(width)
      .map(([x, y]) => ({ x, y, box: around(x, y, width) }))
      .filter(({ box }) => isInside(box, room) && !boxes.some((other) => overlap(box, other)));
    const free = clear.filter(({ box }) => !taken.some((other) => overlap(box, other)));
    const apart = free.find(({ box }) => lines.every((line) => line <= box.left || line >= box.right));
    const best = apart ?? free[0] ?? (isNeeded ? clear[0] : undefined);
    if (!best) continue;
    boxes.push(best.box);
    labels.push({ mark, text, tags, x: best.x, y: best.y, width });
  }
  return labels;
}

/** The width of row ids in frames behind a label, each with the space before it. */
export function tagsWidth(tags: readonly string[]): number {
  return tags.reduce((width, tag) => width + tagWidth(tag) + BETWEEN, 0);
}

export function tagWidth(tag: string): number {
  return widthOf(tag, SIZE - 1, true) + 6;
}

/** The left edges of the frames of row ids behind a label that begins at *x*. */
export function tagPlaces(label: Label): { tag: string; x: number; width: number }[] {
  let x = label.x + widthOf(label.text, SIZE) + BETWEEN;
  return label.tags.map((tag) => {
    const place = { tag, x, width: tagWidth(tag) };
    x += place.width + BETWEEN;
    return place;
  });
}

function around(x: number, y: number, width: number): Box {
  return { left: x - BETWEEN, top: y - HEIGHT + 3, right: x + width + BETWEEN, bottom: y + 3 };
}

function isInside(box: Box, room: Box): boolean {
  return box.left >= room.left && box.right <= room.right && box.top >= room.top && box.bottom <= room.bottom;
}

function overlap(one: Box, other: Box): boolean {
  return one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom;
}
