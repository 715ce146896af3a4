// As much of FHIR as a client needs that has a whole record at hand: entries, references, codes.
import type { Json } from "./contract.ts";
import { isObject, type Members, objects, text } from "./json.ts";

/** A resource as it was sent, whatever it holds. */
export type Resource = { resourceType: string; [name: string]: Json };

/** A resource as it stands in a Bundle. */
export type Entry = { fullUrl?: string; resource: Resource };

/** Whether a value is a resource. */
export function isResource(value: Json | undefined): value is Resource {
  return isObject(value) && typeof value.resourceType === "string";
}

/** "Patient/1" for "https://server/Patient/1/_history/2"; other references as they are. */
export function relative(reference: string): string {
  return (reference.split("/_history/")[0] ?? "").split("/").slice(-2).join("/");
}

/** What a reference to an entry may say. */
export function namesOf({ fullUrl, resource }: Entry): Set<string> {
  const names = new Set<string>();
  const id = text(resource.id);
  if (id) {
    names.add(`${resource.resourceType}/${id}`);
  }
  if (fullUrl) {
    names.add(fullUrl).add(relative(fullUrl));
  }
  return names;
}

/** What a member that is a reference refers to. */
export function referred(value: Json | undefined): string | undefined {
  return isObject(value) ? text(value.reference) : undefined;
}

/** The codings of a CodeableConcept, or of a list of them. */
export function codings(value: Json | undefined): Members[] {
  const concepts = isObject(value) ? [value] : objects(value);
  return concepts.flatMap((concept) => objects(concept.coding));
}

/** A random id; `crypto.randomUUID` is not there on plain http. */
export function uuid(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
