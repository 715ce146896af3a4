// Which contributors rest on which marks, and what is lit when one of them is pointed at.
import type { Mark, Timeline } from "../contract.ts";

/** The rows of the contributors that rest on marks, by the marks' ids; and which of all these rows were set aside. */
export type Rows = { readonly byMark: ReadonlyMap<string, readonly string[]>; readonly aside: ReadonlySet<string> };

export function rowsOfMarks({ contributors }: Timeline): Rows {
  const byMark = new Map<string, string[]>();
  for (const { row, marks } of contributors) {
    for (const mark of marks) {
      const known = byMark.get(mark) ?? [];
      if (!known.includes(row)) byMark.set(mark, [...known, row]);
    }
  }
  const told = new Set(contributors.filter(({ role }) => role !== "set-aside").map(({ row }) => row));
  const aside = new Set(contributors.map(({ row }) => row).filter((row) => !told.has(row)));
  return { byMark, aside };
}

/** The rows that rest on a mark. */
export function rowsAt({ byMark }: Rows, mark: string): readonly string[] {
  return byMark.get(mark) ?? [];
}

/** Whether a contributor rests on a mark that was not set aside. */
export function isTold(rows: Rows, mark: string): boolean {
  return rowsAt(rows, mark).some((row) => !rows.aside.has(row));
}

/** "D01, D02 (set aside)"; empty where nothing rests on a mark. */
export function rowsInWords(rows: Rows, mark: string): string {
  const said = rowsAt(rows, mark).map((row) => (rows.aside.has(row) ? `${row} (set aside)` : row));
  return said.join(", ");
}

/**
 * The marks that are lit, by their ids: those of the contributors *rows* and those read from the entries *sources*.
 *
 * Null where nobody points at anything that is drawn: then nothing is dimmed.
 */
export function lit(
  timeline: Timeline,
  rows: readonly string[],
  sources: readonly string[],
): ReadonlySet<string> | null {
  const found = new Set<string>();
  for (const each of timeline.contributors) {
    if (rows.includes(each.row)) each.marks.forEach((mark) => found.add(mark));
  }
  for (const mark of marksOf(timeline)) {
    if (mark.sources.some((source) => sources.includes(source))) found.add(mark.id);
  }
  return found.size > 0 ? found : null;
}

export function marksOf(timeline: Timeline): Mark[] {
  return timeline.lanes.flatMap((lane) => lane.marks);
}
