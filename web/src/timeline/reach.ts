// From when until when a mark reaches, as far as a record tells.
import type { Mark } from "../contract.ts";
import { at, endOf } from "../days.ts";

/** A stretch of time, or of pixels. */
export type Window = readonly [from: number, until: number];

/** What is known of when a mark was: what no date says is left open. */
export type Reach = {
  from: number;
  until: number;
  isOpen: boolean; // no start is recorded: it may have begun long before
  end: "known" | "running" | "unknown";
  isDay: boolean;
};

/** From the first to the last day that entries tell of a mark. */
export function reach(mark: Mark, today: number): Reach {
  const told = [...mark.given, ...mark.steps.map((step) => step.on)].map(at);
  const end = mark.ends !== null ? "known" : mark.is_running ? "running" : "unknown";
  const ended = mark.ends === null ? null : mark.ends === mark.begins ? at(mark.ends) : endOf(mark.ends);
  const latest = ended ?? (end === "running" ? today : null);
  const from = mark.begins !== null ? at(mark.begins) : Math.min(...told, latest ?? today);
  const until = latest ?? Math.max(...told, from);
  return {
    from,
    until: Math.max(from, until),
    isOpen: mark.begins === null,
    end,
    isDay: mark.begins !== null && mark.begins === mark.ends,
  };
}
