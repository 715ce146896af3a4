// The date on which cramps began, as a request tells it: where it stands, moved, or put in.
import type { Explanation, HookRequest, Json, Trace } from "../contract.ts";
import { type Entry, isResource, namesOf, type Resource } from "../fhir.ts";
import { isObject, text } from "../json.ts";
import { entriesOf } from "./prefetch.ts";

/** What of the reports can be moved; *date* is the earliest that is written there, *fixed* counts the rest. */
export type Movable = { sources: string[]; date: string | null; fixed: number };

// The members that say when something began; the first of each is the one that is written.
const WRITTEN: Record<string, readonly string[]> = {
  Condition: ["onsetDateTime", "onsetPeriod", "onsetAge", "onsetRange", "onsetString"],
  Observation: ["effectiveDateTime", "effectivePeriod", "effectiveInstant", "effectiveTiming"],
};
const PLANTED = "leg-cramps-added-in-the-workbench";

/** Which of the reports that the service found stand in entries whose date can be moved. */
export function movable(request: HookRequest, reports: Trace["reports"]): Movable {
  const entries = Object.values(request.prefetch ?? {}).flatMap(entriesOf);
  const named = reports.map((report) => ({
    report,
    entry: entries.find((entry) => isNamed(entry, new Set(report.sources))),
  }));
  const found = named.filter(({ entry }) => entry !== undefined && entry.resource.resourceType in WRITTEN);
  const dates = found.map(({ entry }) => entry && dateOf(entry.resource)).filter((each) => each !== undefined);
  return {
    sources: found.flatMap(({ report }) => report.sources),
    date: dates.sort()[0] ?? null,
    fixed: reports.length - found.length,
  };
}

/** The request with the reports that *sources* name beginning on *date*. */
export function moved(request: HookRequest, sources: readonly string[], date: string): HookRequest {
  const names = new Set(sources);
  const prefetch = Object.entries(request.prefetch ?? {}).map(([key, value]) => [key, movedIn(value, names, date)]);
  return { ...request, prefetch: Object.fromEntries(prefetch) as Record<string, Json> };
}

/** The request with a report of leg cramps at night that began on *date* and was written down *today*. */
export function planted(request: HookRequest, date: string, today: string): HookRequest {
  const report = reportOf(request.context.patientId, date, today);
  const list = request.prefetch?.conditions;
  const isList = isObject(list) && list.resourceType === "Bundle";
  const others = isList && Array.isArray(list.entry) ? list.entry : [];
  const bundle = isList ? list : { resourceType: "Bundle", type: "searchset" };
  const conditions = {
    ...bundle,
    total: others.length + 1,
    entry: [{ fullUrl: `urn:legcramps:${PLANTED}`, resource: report, search: { mode: "match" } }, ...others],
  };
  return { ...request, prefetch: { ...request.prefetch, conditions } };
}

/** An explanation whose picture says which report was put in here. */
export function withPlantedNamed(explanation: Explanation): Explanation {
  const { timeline } = explanation;
  const isPlanted = (sources: readonly string[]) => sources.includes(`Condition/${PLANTED}`);
  const lanes = timeline?.lanes.map((lane) =>
    lane.kind === "cramps" && lane.marks.some((mark) => isPlanted(mark.sources))
      ? { ...lane, label: "cramps (added here)" }
      : lane,
  );
  return timeline && lanes ? { ...explanation, timeline: { ...timeline, lanes } } : explanation;
}

function isNamed(entry: Entry, names: ReadonlySet<string>): boolean {
  return [...namesOf(entry)].some((name) => names.has(name));
}

/** The first day of the date that is written; undefined where there is none. */
function dateOf(resource: Resource): string | undefined {
  const [stated = "", period = ""] = WRITTEN[resource.resourceType] ?? [];
  const within = resource[period];
  const written = text(resource[stated]) ?? (isObject(within) ? text(within.start) : undefined);
  const [, year, month = "01", day = "01"] = /^(\d{4})(?:-(\d\d))?(?:-(\d\d))?/.exec(written ?? "") ?? [];
  return year && `${year}-${month}-${day}`;
}

function movedIn(value: Json, names: ReadonlySet<string>, date: string): Json {
  if (isResource(value) && value.resourceType === "Bundle" && Array.isArray(value.entry)) {
    return { ...value, entry: value.entry.map((entry) => movedEntry(entry, names, date)) } as Json;
  }
  return isResource(value) && isNamed({ resource: value }, names) ? begun(value, date) : value;
}

function movedEntry(entry: Json, names: ReadonlySet<string>, date: string): Json {
  if (!isObject(entry) || !isResource(entry.resource)) {
    return entry;
  }
  const fullUrl = text(entry.fullUrl);
  const isMeant = isNamed(fullUrl ? { fullUrl, resource: entry.resource } : { resource: entry.resource }, names);
  return isMeant ? { ...entry, resource: begun(entry.resource, date) } : entry;
}

/** A resource that says it began on *date*; nothing is written down before it begins. */
function begun(resource: Resource, date: string): Json {
  const [stated = "", ...others] = WRITTEN[resource.resourceType] ?? [];
  const kept = Object.entries(resource).filter(([name]) => !others.includes(name));
  const recorded = text(resource.recordedDate);
  return {
    ...(Object.fromEntries(kept) as { [name: string]: Json }),
    [stated]: date,
    ...(recorded !== undefined && recorded.slice(0, 10) < date && { recordedDate: date }),
  };
}

function reportOf(patientId: string, date: string, today: string): { [name: string]: Json } {
  const of = (system: string, code: string) => ({
    coding: [{ system: `http://terminology.hl7.org/CodeSystem/${system}`, code }],
  });
  return {
    resourceType: "Condition",
    id: PLANTED,
    clinicalStatus: of("condition-clinical", "active"),
    verificationStatus: of("condition-ver-status", "confirmed"),
    category: [of("condition-category", "problem-list-item")],
    code: {
      coding: [
        { system: "http://hl7.org/fhir/sid/icd-10-cm", code: "G47.62", display: "Sleep related leg cramps" },
      ],
      text: "Leg cramps at night (added in the workbench)",
    },
    subject: { reference: `Patient/${patientId}` },
    onsetDateTime: date,
    recordedDate: today,
  };
}
