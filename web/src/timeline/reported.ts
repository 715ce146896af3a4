// Values and limits as the laboratory wrote them: a potassium of 3.0 is not one of 3.
import { createContext } from "preact";

import type { Json, Lane, Mark } from "../contract.ts";
import { isObject, type Members, objects, write } from "../json.ts";

type Figure = "value" | "low" | "high";
export type Entries = Readonly<Record<string, Json>>;

/** The entries that marks were read from, by their names. */
export const EntriesContext = createContext<Entries>({});

/** A number of a mark in words: as its entry has it, else as exactly as other results of the lane are told. */
export type Writer = { of: (mark: Mark, which: Figure) => string; tick: (value: number) => string };

const MOST_DECIMALS = 4;

export function writer({ marks }: Lane, entries: Entries): Writer {
  const told = marks.map((mark) => asWritten(mark, "value", entries)).filter((text) => text !== undefined);
  const known = told.length > 0 ? told : marks.map(({ value }) => String(value ?? ""));
  const most = Math.min(MOST_DECIMALS, known.map(decimals).reduce((one, other) => Math.max(one, other), 0));
  return {
    of: (mark, which) => {
      const number = mark[which];
      if (number === null) return "";
      return asWritten(mark, which, entries) ?? (which === "value" ? number.toFixed(most) : String(number));
    },
    tick: (value) => value.toFixed(Math.max(most, decimals(String(value)))),
  };
}

/** The text of a number in the entry of a mark; undefined where it is not there, as in another unit. */
function asWritten(mark: Mark, which: Figure, entries: Entries): string | undefined {
  const found = mark.sources.flatMap((source) => quantities(entries[source], which)).map(({ value }) => write(value));
  return found.find((text) => /^-?\d+(\.\d+)?$/.test(text) && Number(text) === mark[which]);
}

/** The quantities of an Observation, or of its components, that could be the value or a limit. */
function quantities(entry: Json | undefined, which: Figure): Members[] {
  const parts = isObject(entry) ? [entry, ...objects(entry.component)] : [];
  const told =
    which === "value"
      ? parts.map((part) => part.valueQuantity)
      : parts.flatMap((part) => objects(part.referenceRange)).map((range) => range[which]);
  return told.filter(isObject);
}

function decimals(text: string): number {
  return text.split(".")[1]?.length ?? 0;
}
