// A CDS Hooks client: discovery, hook calls, feedback; and what else the service tells its own pages.
import type { Feedback } from "./cards/feedback.ts";
import type { Card, Explanation, HookRequest, Json, Service, Story, Trace } from "./contract.ts";
import { isObject, parse, write } from "./json.ts";

/** What a hook call came back with; *sent* and *bytes* are the sizes of the two bodies. */
export type Answered = {
  status: number;
  cards: Card[];
  body: Json;
  sent: number;
  bytes: number;
  milliseconds: number;
};

/** The service did not answer as asked. *status* is 0 where no answer came at all. */
export class Refused extends Error {
  override name = "Refused";

  constructor(
    readonly status: number,
    readonly words: string,
  ) {
    super(words);
  }
}

type Reply = { status: number; text: string };

const SERVICES = "cds-services";
const JSON_TYPE = "application/json";
const PATIENCE = 30_000; // milliseconds

/** What the service offers. */
export async function discover(): Promise<Service[]> {
  const { text } = await ask(SERVICES);
  return (JSON.parse(text) as { services?: Service[] }).services ?? [];
}

/** Call a hook. */
export async function call(service: Service, request: HookRequest): Promise<Answered> {
  const body = write(request);
  const begun = performance.now();
  const { status, text } = await ask(address(service), body);
  const milliseconds = performance.now() - begun;
  const told = parse(text);
  const cards = (isObject(told) ? (told.cards ?? []) : []) as unknown as Card[];
  return { status, cards, body: told, sent: size(body), bytes: size(text), milliseconds };
}

/**
 * Why the patient-view hook answers to the same request as it does.
 *
 * Numbers are numbers, since a picture is drawn by them; but those of the entries stay as they were written.
 */
export async function explain(request: HookRequest): Promise<Explanation> {
  const { text } = await ask("explain", write(request));
  const { trace, ...told } = JSON.parse(text) as Omit<Explanation, "trace"> & { trace: Sent };
  const exact = parse(text) as unknown as Explanation;
  return { ...told, trace: hasTrace(trace) ? trace : null, entries: exact.entries };
}

type Sent = Trace | Record<string, never>; // it holds nothing where nothing was read

function hasTrace(trace: Sent): trace is Trace {
  return "considered" in trace;
}

/** Tell what was done with a card. */
export async function sendFeedback(service: Service, feedback: Feedback): Promise<void> {
  await ask(`${address(service)}/feedback`, write(feedback));
}

/** The built-in patients. */
export async function stories(): Promise<Story[]> {
  const { text } = await ask("demo");
  return JSON.parse(text) as Story[];
}

/** The hook request of a built-in patient. */
export async function story(name: string): Promise<HookRequest> {
  const { text } = await ask(`demo/${encodeURIComponent(name)}`);
  return parse(text) as unknown as HookRequest;
}

function address(service: Service): string {
  return `${SERVICES}/${encodeURIComponent(service.id)}`;
}

/** GET an address, or POST *body* to it. */
async function ask(url: string, body?: string): Promise<Reply> {
  const how = body === undefined ? {} : { method: "POST", body, headers: { "Content-Type": JSON_TYPE } };
  const reply = await reached(url, how);
  if (!(reply.status >= 200 && reply.status < 300)) {
    throw new Refused(reply.status, said(reply.text));
  }
  return reply;
}

async function reached(url: string, how: RequestInit): Promise<Reply> {
  try {
    const signal = AbortSignal.timeout(PATIENCE);
    const response = await fetch(url, { ...how, cache: "no-store", redirect: "error", signal });
    return { status: response.status, text: await response.text() };
  } catch {
    throw new Refused(0, "no answer came");
  }
}

/** The words of an OperationOutcome; "" where an answer holds none. */
function said(text: string): string {
  try {
    const outcome = JSON.parse(text) as Json;
    const issues = isObject(outcome) && Array.isArray(outcome.issue) ? outcome.issue : [];
    return issues
      .map((issue) => (isObject(issue) && typeof issue.diagnostics === "string" ? issue.diagnostics : ""))
      .filter(Boolean)
      .join("; ");
  } catch {
    return ""; // a proxy's page, for instance
  }
}

function size(text: string): number {
  return new TextEncoder().encode(text).length;
}
