// JSON whose numbers stay as they were written: a result of 4.10 mmol/L is sent on as 4.10, as FHIR asks.
import type { Json } from "./contract.ts";

export type Members = { [name: string]: Json };

type Written = { source?: string };
type Reviver = (this: unknown, name: string, value: unknown, written?: Written) => unknown;
type ExactJson = {
  parse(text: string, reviver: Reviver): Json;
  // browsers since 2025 have these; without them such numbers lose their last noughts
  rawJSON?(text: string): object;
  isRawJSON?(value: unknown): boolean;
};

const exact = JSON as unknown as ExactJson;

/**
 * JSON text as values.
 *
 * A number that JavaScript would write otherwise becomes a value that only `write` understands.
 *
 * @throws SyntaxError when it is no JSON.
 */
export function parse(text: string): Json {
  return exact.parse(text, (_name, value, written) => {
    const source = written?.source;
    const isKept = typeof value !== "number" || source === undefined || String(value) === source;
    return isKept || !exact.rawJSON ? value : exact.rawJSON(source);
  });
}

/** Values as JSON text; with *indent* for people. */
export function write(value: unknown, indent = 0): string {
  return JSON.stringify(value, null, indent);
}

/** Whether a value is an object with members. */
export function isObject(value: Json | undefined): value is Members {
  return (
    typeof value === "object" && value !== null && !Array.isArray(value) && !(exact.isRawJSON?.(value) ?? false)
  );
}

/** A text, or undefined for anything else. */
export function text(value: Json | undefined): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/** The members of a list that are objects; none where it is no list. */
export function objects(value: Json | undefined): Members[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}
