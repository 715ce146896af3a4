// What the EHR lets this page know: the patient, the reader, and a token; kept in memory, for one question.
import type Client from "fhirclient/lib/Client";
import type { HookRequest } from "../contract.ts";
import { isObject, parse } from "../json.ts";
import { forget } from "./begun.ts";
import type { Answer } from "./callback.ts";
import { ready } from "./oauth.ts";
import { readPerson, type Person } from "./person.ts";
import * as troubles from "./troubles.ts";

/** *rows* are the contributors of the card that was opened; *person* null: who it is could not be read. */
export type Session = {
  request: HookRequest;
  rows: string[];
  isReaderKnown: boolean;
  needsBanner: boolean;
  person: Promise<Person | null>;
};

type Tokens = NonNullable<Client["state"]["tokenResponse"]>;

const FHIR_ID = /^[A-Za-z0-9_.-]{1,255}$/; // no address can be made of it; "_" is what some servers write
const USUAL_LIFE = 300; // seconds, where the server does not say
const MOST_ROWS = 50;

/**
 * Change the code for a token, and leave nothing of it in this browser.
 *
 * @throws Trouble when that fails, or no patient came with it.
 */
export async function session(answer: Answer): Promise<Session> {
  const client = await exchanged(answer);
  const tokens = client.state.tokenResponse;
  if (!tokens?.access_token) {
    throw troubles.NO_TOKEN;
  }
  delete tokens.refresh_token; // never asked for; fhirclient would use it
  const patient = tokens.patient ?? "";
  if (!FHIR_ID.test(patient) || /^\.+$/.test(patient)) {
    throw troubles.NO_PATIENT;
  }
  const reader = readerOf(tokens.id_token);
  const request: HookRequest = {
    hook: "patient-view",
    hookInstance: crypto.randomUUID(),
    fhirServer: client.state.serverUrl,
    fhirAuthorization: authorization(tokens, tokens.access_token, client.state),
    context: { userId: reader ?? "Practitioner/unknown", patientId: patient },
  };
  return {
    request,
    rows: rowsOf(tokens.appContext),
    isReaderKnown: reader !== null,
    needsBanner: tokens.need_patient_banner !== false,
    person: readPerson(client),
  };
}

async function exchanged({ state, code }: Answer): Promise<Client> {
  try {
    // it puts the code into a form as it is
    return await ready({ stateKey: state, code: encodeURIComponent(code) });
  } catch (problem) {
    throw problem instanceof TypeError ? troubles.TOKEN_NOT_REACHED : troubles.NO_TOKEN;
  } finally {
    forget(state);
  }
}

function authorization(
  tokens: Tokens,
  token: string,
  { scope, clientId }: Client["state"],
): NonNullable<HookRequest["fhirAuthorization"]> {
  return {
    access_token: token,
    token_type: "Bearer",
    expires_in: tokens.expires_in ?? USUAL_LIFE,
    scope: tokens.scope ?? scope ?? "",
    subject: clientId ?? "",
  };
}

/**
 * Who reads, from the id token; null where the EHR does not say.
 *
 * Its signature is not checked: it decides nothing but that a patient is shown no picture made for clinicians. What may
 * be read is decided by the access token. Not fhirclient's own reading: that fails on letters of base64url.
 */
function readerOf(token: string | undefined): string | null {
  const claims = claimsOf(token);
  const written = claims.fhirUser ?? claims.profile;
  if (typeof written !== "string") {
    return null;
  }
  const [kind, id] = written.split("/").slice(-2);
  if (!kind || !id || !FHIR_ID.test(id)) {
    return null;
  }
  switch (kind) {
    case "Practitioner":
    case "PractitionerRole":
    case "Patient":
    case "RelatedPerson":
      return `${kind}/${id}`;
    case "Person":
      return `RelatedPerson/${id}`; // who has an account, but is not said to be a clinician
    default:
      return null;
  }
}

function claimsOf(token: string | undefined): Record<string, unknown> {
  try {
    const written = (token?.split(".")[1] ?? "").replaceAll("-", "+").replaceAll("_", "/");
    const bytes = Uint8Array.from(atob(written), (letter) => letter.charCodeAt(0));
    return (JSON.parse(new TextDecoder().decode(bytes)) ?? {}) as Record<string, unknown>;
  } catch {
    return {};
  }
}

/** The rows that the link of a card passed on, as text or as it stands; anything else is nothing. */
function rowsOf(context: unknown): string[] {
  try {
    const said = typeof context === "string" ? parse(context) : (context as Parameters<typeof isObject>[0]);
    const rows = isObject(said) && Array.isArray(said.rows) ? said.rows : [];
    return rows.filter((row) => typeof row === "string").slice(0, MOST_ROWS);
  } catch {
    return [];
  }
}
