// A file of patient data, opened in the browser: whose data it holds, and the hook request of each of them.
import type { HookRequest, Json, Service } from "../contract.ts";
import { type Entry, isResource, namesOf, referred, relative } from "../fhir.ts";
import { isObject, type Members, objects, parse, text, write } from "../json.ts";
import { nameOf } from "../names.ts";
import { asNewPatient } from "../visits.ts";
import { HOOK, requestOf } from "./request.ts";

/** Somebody whose record a file holds. */
export type Person = {
  name: string;
  /** What is sent about them; *notes* tell what was not taken from the file. */
  visit: (service: Service) => { request: HookRequest; notes: string[] };
};

/** A file can't be opened; the message says why, to follow its name. */
export class Unreadable extends Error {
  override name = "Unreadable";
}

type Found = { entries: Entry[]; lost: number; goesOn: boolean };

const MOST_BYTES = 64 * 1024 * 1024; // unpacked: what a browser reads without a long pause
const MOST_PEOPLE = 500; // a list that somebody can still look through
const NOT_FHIR = "holds no FHIR Bundle, Parameters, NDJSON of resources or CDS Hooks request.";
const NO_NAME = "No name";
// Types that may hold a report of cramps and that discovery does not ask for.
const TELLING = ["Encounter", "QuestionnaireResponse"];

/**
 * The people of a file: a Bundle of any type, Parameters, NDJSON or a hook request; plain or gzip.
 *
 * @throws Unreadable
 */
export async function opened(file: Blob): Promise<Person[]> {
  const written = (await unpacked(file)).trim();
  const found: Found = { entries: [], lost: 0, goesOn: false };
  for (const part of parts(written)) {
    if (isObject(part) && typeof part.hook === "string" && part.resourceType === undefined) {
      return [ofRequest(part)];
    }
    collect(part, undefined, found);
  }
  if (found.entries.length === 0) {
    throw new Unreadable(NOT_FHIR);
  }
  return people(found);
}

// --- bytes ----------------------------------------------------------------------------------------------------

async function unpacked(file: Blob): Promise<string> {
  const head = new Uint8Array(await file.slice(0, 2).arrayBuffer());
  const isPacked = head[0] === 0x1f && head[1] === 0x8b;
  const stream = isPacked ? file.stream().pipeThrough(new DecompressionStream("gzip")) : file.stream();
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const reader = stream.getReader();
  let [written, bytes] = ["", 0];
  for (;;) {
    const { done, value } = await chunk(reader, isPacked);
    if (done) {
      return written + decoded(decoder);
    }
    bytes += value.length;
    if (bytes > MOST_BYTES) {
      await reader.cancel();
      throw new Unreadable("is too large: at most 64 MB can be opened here. Try a file with one patient.");
    }
    written += decoded(decoder, value);
  }
}

type Reader = ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>;

async function chunk(reader: Reader, isPacked: boolean): Promise<ReadableStreamReadResult<Uint8Array<ArrayBuffer>>> {
  try {
    return await reader.read();
  } catch {
    throw new Unreadable(isPacked ? "is damaged: the gzip data can't be unpacked." : "can't be read any more.");
  }
}

function decoded(decoder: TextDecoder, bytes?: Uint8Array<ArrayBuffer>): string {
  try {
    return bytes ? decoder.decode(bytes, { stream: true }) : decoder.decode();
  } catch {
    throw new Unreadable("is no text in UTF-8.");
  }
}

/** The JSON that a text holds: all of it, or line by line; undefined for a line that is none. */
function parts(written: string): (Json | undefined)[] {
  if (written === "") {
    throw new Unreadable("is empty.");
  }
  if (written.startsWith("<")) {
    throw new Unreadable("is XML: only FHIR as JSON can be opened.");
  }
  const whole = parsed(written);
  const lines = whole === undefined ? written.split(/\r?\n/).filter((line) => line.trim() !== "") : [];
  const [first] = lines;
  if (whole === undefined && (lines.length < 2 || first === undefined || !isObject(parsed(first)))) {
    throw new Unreadable("is no JSON, or breaks off.");
  }
  return whole === undefined ? lines.map(parsed) : [whole];
}

function parsed(written: string): Json | undefined {
  try {
    return parse(written);
  } catch {
    return undefined;
  }
}

// --- what it holds --------------------------------------------------------------------------------------------

function ofRequest(request: Members): Person {
  if (request.hook !== HOOK) {
    throw new Unreadable(`is a request of another hook; this page calls ${HOOK}.`);
  }
  const { context, prefetch } = request;
  if (!isObject(context) || typeof context.patientId !== "string" || typeof context.userId !== "string") {
    throw new Unreadable("is a hook request whose context names no patient and user.");
  }
  // a token is nobody's business but the EHR's and the service's
  const { fhirAuthorization, ...rest } = request;
  const mine = { ...rest, context, prefetch: isObject(prefetch) ? prefetch : {} } as unknown as HookRequest;
  const patient = isObject(prefetch) ? prefetch.patient : undefined;
  const notes = fhirAuthorization === undefined ? [] : ["Its access token is not sent on."];
  return {
    name: (isResource(patient) && nameOf(patient)) || NO_NAME,
    visit: () => ({ request: asNewPatient(mine), notes }),
  };
}

/** Put what is in a resource into *found*; of a Bundle or Parameters what is in it, at any depth. */
function collect(value: Json | undefined, fullUrl: string | undefined, found: Found): void {
  if (!isResource(value)) {
    found.lost += 1;
  } else if (value.resourceType === "Bundle") {
    found.goesOn ||= objects(value.link).some((link) => link.relation === "next");
    for (const entry of Array.isArray(value.entry) ? value.entry : []) {
      collectEntry(entry, found);
    }
  } else if (value.resourceType === "Parameters") {
    collectParameters(value.parameter, found);
  } else {
    found.entries.push(fullUrl === undefined ? { resource: value } : { fullUrl, resource: value });
  }
}

function collectEntry(entry: Json, found: Found): void {
  if (isObject(entry) && entry.resource === undefined && (entry.request ?? entry.response) !== undefined) {
    return; // a deletion in a transaction or a history
  }
  collect(isObject(entry) ? entry.resource : undefined, isObject(entry) ? text(entry.fullUrl) : undefined, found);
}

function collectParameters(value: Json | undefined, found: Found): void {
  for (const parameter of objects(value)) {
    if (parameter.resource !== undefined) {
      collect(parameter.resource, undefined, found);
    }
    collectParameters(parameter.part, found);
  }
}

// --- whose it is ----------------------------------------------------------------------------------------------

function people(found: Found): Person[] {
  const patients = distinct(found.entries.filter(({ resource }) => resource.resourceType === "Patient"));
  if (patients.length === 0) {
    throw new Unreadable("holds no Patient.");
  }
  if (patients.length > MOST_PEOPLE) {
    throw new Unreadable(
      `holds ${patients.length} patients: at most ${MOST_PEOPLE} can be chosen from here. Try a file with one of them.`,
    );
  }
  const isAlone = patients.length === 1;
  return patients.map((patient) => person(patient, isAlone, found));
}

/** The patients without those that come again, under one of their names or as the same resource. */
function distinct(patients: readonly Entry[]): Entry[] {
  const known = new Map<string, Entry>();
  for (const patient of patients) {
    const keys = [...namesOf(patient), write(patient.resource)];
    if (!keys.some((key) => known.has(key))) {
      keys.forEach((key) => known.set(key, patient));
    }
  }
  return [...new Set(known.values())];
}

/** One of them; what of the file is theirs is looked up when somebody picks them. */
function person(patient: Entry, isAlone: boolean, found: Found): Person {
  return {
    name: nameOf(patient.resource) || NO_NAME,
    visit: (service) => {
      const own = namesOf(patient);
      const others = found.entries.filter(({ resource }) => resource.resourceType !== "Patient");
      const entries = others.filter((entry) => isAbout(entry, own, isAlone));
      return {
        request: requestOf({ patient, entries, goesOn: found.goesOn }, service),
        notes: notes(found, entries, isAlone ? others.length - entries.length : 0),
      };
    },
  };
}

/** Whether an entry is about the patient of these names, as far as the file tells. */
function isAbout({ resource }: Entry, own: ReadonlySet<string>, isAlone: boolean): boolean {
  const subject = referred(resource.subject) ?? referred(resource.patient);
  if (subject === undefined) {
    return isAlone || resource.resourceType === "Medication";
  }
  if (own.has(subject) || own.has(relative(subject))) {
    return true;
  }
  const isOfAnother = [...own].some((name) => name.startsWith("Patient/")) && relative(subject).startsWith("Patient/");
  return isAlone && !isOfAnother;
}

function notes(found: Found, entries: readonly Entry[], left: number): string[] {
  const told: string[] = [];
  if (found.lost > 0) {
    told.push(`${counted(found.lost, "entry", "entries")} could not be read.`);
  }
  if (left > 0) {
    told.push(`${counted(left, "entry", "entries")} about somebody who is not in the file left out.`);
  }
  if (found.goesOn) {
    told.push("The file says that the record goes on elsewhere.");
  }
  if (found.entries.some(({ resource }) => resource.resourceType === "OperationOutcome")) {
    told.push("It holds an OperationOutcome: part of the record may be missing.");
  }
  for (const type of TELLING) {
    const count = entries.filter(({ resource }) => resource.resourceType === type).length;
    if (count > 0) {
      told.push(`${counted(count, type, `${type}s`)} not sent: the service does not ask for them.`);
    }
  }
  return told;
}

function counted(count: number, one: string, more: string): string {
  return `${count} ${count === 1 ? one : more}`;
}
