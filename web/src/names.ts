// What people are called in a record.
import type { Json } from "./contract.ts";
import { isObject, type Members } from "./json.ts";

const USES = ["official", "usual"]; // what a name on paper should be, the best first

/** What a Patient is called now, as one line; "" where the record has no name. */
export function nameOf(patient: Members): string {
  const written = patient.name;
  const names = (Array.isArray(written) ? written : []).filter(isObject).filter(isCurrent);
  const best = USES.map((use) => names.find((name) => name.use === use)).find(Boolean) ?? names[0];
  if (!best) {
    return "";
  }
  const parts = [...texts(best.prefix), ...texts(best.given), text(best.family), ...texts(best.suffix)];
  return parts.filter(Boolean).join(" ") || text(best.text);
}

function isCurrent(name: Members): boolean {
  const ended = isObject(name.period) ? text(name.period.end) : "";
  return name.use !== "old" && !(ended && ended < new Date().toISOString());
}

function text(value: Json | undefined): string {
  return typeof value === "string" ? value.trim() : "";
}

function texts(value: Json | undefined): string[] {
  return Array.isArray(value) ? value.map(text) : [];
}
