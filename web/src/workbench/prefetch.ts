// The prefetch of a hook call, filled from a record at hand as a FHIR server would answer the templates.
import type { HookRequest, Json } from "../contract.ts";
import { codings, type Entry, isResource, namesOf, referred, relative, type Resource } from "../fhir.ts";
import { isObject, text } from "../json.ts";

/** Everything that a file holds about one patient; *goesOn*: the file says that there is more elsewhere. */
export type PatientRecord = { patient: Entry; entries: Entry[]; goesOn: boolean };

type Context = HookRequest["context"];

/**
 * The prefetch that a client sends: each template of *templates* answered from *record*.
 *
 * A search without a match is an empty searchset; what can't be answered at all is left out, as clients do.
 */
export function filled(
  templates: Readonly<Record<string, string>>,
  record: PatientRecord,
  context: Context,
): Record<string, Json> {
  const found = Object.entries(templates).flatMap(([key, template]) => {
    const query = withContext(template, context);
    const answer = query === null ? undefined : answered(query, record);
    return answer === undefined ? [] : [[key, answer] as const];
  });
  return Object.fromEntries(found);
}

/** A template with its placeholders filled; null where it asks for what this client doesn't know. */
function withContext(template: string, context: Context): string | null {
  const known: Record<string, string | undefined> = context;
  const query = template.replace(/\{\{\s*context\.(\w+)\s*\}\}/g, (all, name: string) => known[name] ?? all);
  return query.includes("{{") ? null : query;
}

function answered(query: string, record: PatientRecord): Json | undefined {
  const [path = "", parameters] = query.split("?", 2);
  if (parameters !== undefined) {
    return search(path, new URLSearchParams(parameters), record, query);
  }
  return [record.patient, ...record.entries].find((entry) => namesOf(entry).has(path))?.resource;
}

// --- searches -------------------------------------------------------------------------------------------------

function search(type: string, asked: URLSearchParams, record: PatientRecord, query: string): Json {
  const all = record.entries.filter(({ resource }) => resource.resourceType === type && matches(resource, asked));
  sort(all, asked.get("_sort"));
  const matched = all.slice(0, Number(asked.get("_count") ?? all.length));
  const goesOn = record.goesOn || matched.length < all.length;
  return {
    resourceType: "Bundle",
    type: "searchset",
    total: all.length,
    link: goesOn ? [{ relation: "next", url: `${query}&_offset=${matched.length}` }] : [],
    entry: [
      ...matched.map((entry) => ({ ...entry, search: { mode: "match" } })),
      ...included(matched, record).map((entry) => ({ ...entry, search: { mode: "include" } })),
    ],
  };
}

/** Whether a resource has what a search asks for; unknown parameters are passed over, as most servers do. */
function matches(resource: Resource, asked: URLSearchParams): boolean {
  return (
    hasToken(codings(resource.code ?? resource.medicationCodeableConcept), asked.get("code")) &&
    hasToken(codings(resource.category), asked.get("category")) &&
    hasToken(codings(resource.clinicalStatus), asked.get("clinical-status")) &&
    hasToken([{ code: resource.status ?? "" }], asked.get("status"))
  );
}

/** Whether one of *found* is one of "code,system|code,…"; anything will do where nothing is asked. */
function hasToken(found: { [name: string]: Json }[], asked: string | null): boolean {
  if (asked === null) {
    return true;
  }
  return asked.split(",").some((token) => {
    const [code = "", system] = token.split("|").reverse();
    return found.some((coding) => coding.code === code && (!system || coding.system === system));
  });
}

const DATES: Record<string, (resource: Resource) => string | undefined> = {
  date: (resource) => text(resource.effectiveInstant) ?? effective(resource),
  effective,
  authoredon: (resource) => text(resource.authoredOn),
};

function effective(resource: Resource): string | undefined {
  const period = resource.effectivePeriod;
  return text(resource.effectiveDateTime) ?? (isObject(period) ? text(period.start) : undefined);
}

/** By the date that `_sort` names; what has none comes last. */
function sort(entries: Entry[], by: string | null): void {
  const date = DATES[by?.replace("-", "") ?? ""];
  if (date === undefined) {
    return;
  }
  const way = by?.startsWith("-") ? -1 : 1;
  const dated = new Map(entries.map((entry) => [entry, date(entry.resource)]));
  entries.sort((one, other) => {
    const [a, b] = [dated.get(one), dated.get(other)];
    if (a === undefined || b === undefined) {
      return Number(a === undefined) - Number(b === undefined);
    }
    return way * (a < b ? -1 : Number(a > b));
  });
}

/**
 * The medicines that *matched* refer to, whether `_include` asks for them or not.
 *
 * The service would read them from the FHIR server itself; where there is a file only, they come along.
 */
function included(matched: readonly Entry[], record: PatientRecord): Entry[] {
  const wanted = new Set(
    matched.map(({ resource }) => referred(resource.medicationReference)).filter((each) => each !== undefined),
  );
  if (wanted.size === 0) {
    return [];
  }
  const short = new Set([...wanted].map(relative));
  return record.entries.filter(
    (entry) =>
      entry.resource.resourceType === "Medication" &&
      [...namesOf(entry)].some((name) => wanted.has(name) || short.has(name)),
  );
}

/** The resources of a prefetch value: those of a Bundle, or the one itself. */
export function entriesOf(value: Json | undefined): Entry[] {
  if (!isResource(value)) {
    return [];
  }
  if (value.resourceType !== "Bundle") {
    return [{ resource: value }];
  }
  const members = Array.isArray(value.entry) ? value.entry.filter(isObject) : [];
  return members.flatMap(({ fullUrl, resource }) =>
    isResource(resource) ? [typeof fullUrl === "string" ? { fullUrl, resource } : { resource }] : [],
  );
}
