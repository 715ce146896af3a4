// What the service says, as this page reads it: CDS Hooks 2.0, and the answer of POST explain (explanation.py).

export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };
export type Resource = { resourceType: string; id?: string; [name: string]: Json | undefined };

// --- CDS Hooks -----------------------------------------------------------------------------------------------

export type Service = {
  hook: string;
  id: string;
  title?: string;
  description: string;
  usageRequirements?: string;
  version?: string;
  prefetch?: Record<string, string>;
};
export type Coding = { system?: string; code: string; display?: string };
export type Link = { label: string; url: string; type: "absolute" | "smart"; appContext?: string };
export type Suggestion = {
  label: string;
  uuid?: string;
  isRecommended?: boolean;
  actions?: { type: string; description: string; resource?: Resource }[];
};
export type Card = {
  uuid?: string;
  summary: string;
  detail?: string;
  indicator: "info" | "warning" | "critical";
  source: { label: string; url?: string; topic?: Coding };
  suggestions?: Suggestion[];
  selectionBehavior?: "at-most-one" | "any";
  overrideReasons?: Coding[];
  links?: Link[];
  extension?: {
    "org.legcramps.findings"?: { row: string; id: string; role: string; sources: string[] }[];
    "org.legcramps.chain"?: string;
    "org.legcramps.card"?: "main" | "also-consider" | "data";
    "org.legcramps.knowledge"?: string;
  };
};
export type HookRequest = {
  hook: string;
  hookInstance: string;
  fhirServer?: string;
  fhirAuthorization?: {
    access_token: string;
    token_type: "Bearer";
    expires_in: number;
    scope: string;
    subject: string;
  };
  context: { userId: string; patientId: string; encounterId?: string };
  prefetch?: Record<string, Json>;
};

// --- POST explain --------------------------------------------------------------------------------------------

export type Explanation = {
  today: string;
  silence: string | null; // a reason code; null where there are cards
  why: string; // the same in words
  fetched: Record<string, string>; // of what was asked of the FHIR server, what came: "ok" or a code
  trace: Trace | null; // null where nothing was read; it is sent as {}
  timeline: Timeline | null; // null where nothing was read
  entries: Record<string, Json>; // the entries that marks name, as far as they are read, by "Condition/1"
};

export type Sourced = { sources: string[] };
export type Criterion = {
  truth: "holds" | "fails" | "unknown";
  words: string;
  evidence: string[];
  unknown: string[];
  parts: Criterion[];
};
export type Considered = {
  row: string;
  id: string;
  label: string;
  level: string | null; // null: it does not speak
  role: string | null;
  facts: ({ says: string } & Sourced)[];
  set_aside: ({ says: string; why: string } & Sourced)[];
  criteria: ({ level: string } & Criterion)[];
  unknown: string[];
};
export type Trace = {
  person: { age: number | null; is_adult: boolean | null; is_deceased: boolean };
  reports: ({ carrier: string; onset: string | null; onset_is_stated: boolean } & Sourced)[];
  refused: string[];
  considered: Considered[];
  not_in_record: string[];
  cards: { card: string; indicator: string; chain: string | null; rows: Record<string, string> }[];
  faded: { rule: string; why: string; reason?: string; since: string; until?: string }[];
  not_used: ({ what: string; why: string } & Sourced)[];
  named_otherwise: ({ what: string } & Sourced)[];
  unread: ({ why: string } & Sourced)[];
  missing: string[];
  cut_off: string[];
};

// The picture, as timeline.py describes it; days are written YYYY-MM-DD.
export type Step = { on: string; dose: string; amount: number };
export type Mark = {
  id: string;
  begins: string | null; // null: no start is recorded
  ends: string | null; // null: it runs on (is_running), or no end was written down
  says: string;
  sources: string[];
  starts: string; // the start as exactly as it was written: "2013", "20 May 2019"; "" where none is
  begins_until: string | null; // the last day on which it may have begun; null: certain to the day
  starts_is_stated: boolean; // false: "first recorded" (drugs), "recorded" (cramps, diagnoses)
  stops: string; // the end as it was written; "" without one
  is_running: boolean;
  value: number | null; // of a result, in the lane's unit
  corrected: string; // "2.28": the value after a correction, by the albumin or the glucose; "" without
  low: number | null; // the laboratory's own limits for it
  high: number | null;
  steps: Step[];
  given: string[];
};
export type Lane = {
  id: string;
  kind: "cramps" | "drug" | "result" | "diagnosis";
  label: string;
  unit: string;
  marks: Mark[];
};
export type Shade = { time_class: "strong" | "plausible" | "after"; begins: string; ends: string; says: string };
export type Linked = {
  row: string;
  id: string;
  label: string;
  role: string;
  level: string;
  chain: string;
  standing: string; // how it is told, in words: "warning, told with M1", "set aside"; "" where it is on no card
  says: string[];
  marks: string[];
};
export type Timeline = {
  today: string;
  onset: { begins: string; ends: string; says: string; is_stated: boolean } | null;
  shades: Shade[];
  lanes: Lane[];
  contributors: Linked[];
  not_drawn: { says: string; sources: string[]; is_list: boolean }[]; // is_list: of a list that lacks something
};

// --- GET demo ------------------------------------------------------------------------------------------------

export type Story = { name: string; title: string };
