// The names under which fhirclient keeps what a launch needs while the user signs in elsewhere, and what we keep with it.
import { isObject, parse } from "../json.ts";

/** Who may answer: *page* is the address that the answer has to come to, *issuer* whom it has to name if it names one. */
export type Expected = { page: string; issuer: string; mustNameIssuer: boolean };

const OURS = /^legcramps\.(\d+)\.[0-9a-f-]{36}$/;
const LONGEST = 15 * 60 * 1000; // milliseconds that a sign-in may take

/** A new `state`; fhirclient's own is shorter than SMART asks, and made of numbers that can be guessed. */
export function newState(): string {
  return `legcramps.${Date.now()}.${crypto.randomUUID()}`;
}

/** Keep beside what fhirclient keeps of a launch who may answer. */
export function expect(state: string, expected: Expected): void {
  const kept = parse(sessionStorage.getItem(state) ?? "null");
  sessionStorage.setItem(state, JSON.stringify({ ...(isObject(kept) ? kept : {}), expected }));
}

/** Who may answer to a launch; null when none began here under this name, or it has ended. */
export function begun(state: string): Expected | null {
  const kept = OURS.test(state) ? sessionStorage.getItem(state) : null;
  const launch = kept === null ? null : (JSON.parse(kept) as { expected?: Expected });
  return launch?.expected ?? null;
}

/** End a launch: nothing is left of it. */
export function forget(state: string): void {
  if (OURS.test(state)) {
    sessionStorage.removeItem(state);
  }
}

/** Forget launches whose sign-in was given up: those that began so many *milliseconds* ago. */
export function forgetOld(milliseconds = LONGEST): void {
  for (const name of Object.keys(sessionStorage)) {
    const begun = OURS.exec(name)?.[1];
    if (begun !== undefined && Date.now() - Number(begun) >= milliseconds) {
      sessionStorage.removeItem(name);
    }
  }
}
