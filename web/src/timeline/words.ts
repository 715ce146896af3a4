// The dates and limits of a mark in words; dates no more exactly than they were written.
import type { Lane, Mark } from "../contract.ts";
import { at, written } from "../days.ts";
import type { Writer } from "./reported.ts";

const FIRST_TOLD = { cramps: "recorded", drug: "first recorded", result: "", diagnosis: "recorded" } as const;

/** When a mark began; or since when it is known of. */
export function began({ starts, starts_is_stated }: Mark, kind: Lane["kind"]): string {
  if (!starts) return "not recorded";
  return starts_is_stated ? starts : `${FIRST_TOLD[kind]} ${starts}`.trim();
}

/** When it ended; "–" for a result or a diagnosis, which is only its date. */
export function ended({ ends, stops, is_running }: Mark, kind: Lane["kind"]): string {
  if (isDated(kind)) return "–";
  if (stops) return stops;
  if (ends !== null) return written(at(ends));
  return is_running ? "runs on" : "not recorded";
}

/** All that is known of when a mark was, as short as it can be said. */
export function period(mark: Mark, kind: Lane["kind"]): string {
  const { begins, ends, starts, starts_is_stated, is_running } = mark;
  if (isDated(kind)) return starts ? began(mark, kind) : "date not recorded";
  if (!starts) return "start not recorded";
  const told = began(mark, kind);
  if (ends !== null) return begins === ends ? told : `${told} to ${ended(mark, kind)}`;
  if (!starts_is_stated) return is_running ? told : `${told}, end not recorded`;
  return is_running ? `since ${starts}` : `from ${starts}, end not recorded`;
}

/** Whether marks of this kind have one date, rather than a beginning and an end. */
function isDated(kind: Lane["kind"]): boolean {
  return kind === "result" || kind === "diagnosis";
}

/** ", limits 3.5 to 5.3 mmol/L": the laboratory's own limits; empty where it gave none. */
export function limits(mark: Mark, unit: string, writer: Writer): string {
  const [low, high] = [writer.of(mark, "low"), writer.of(mark, "high")];
  if (!low && !high) return "";
  if (!high) return `, limit at least ${low} ${unit}`;
  if (!low) return `, limit at most ${high} ${unit}`;
  return `, limits ${low} to ${high} ${unit}`;
}
