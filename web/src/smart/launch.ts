// Where the EHR launches the timeline: find out whether it may, then send the user to the EHR's sign-in.
import "../page.css";
import "./smart.css";
import { isObject } from "../json.ts";
import type { Json } from "../contract.ts";
import { expect, forget, forgetOld, newState } from "./begun.ts";
import { authorize, fetchWellKnownJson } from "./oauth.ts";
import { say, sayTrouble } from "./notice.tsx";
import * as troubles from "./troubles.ts";

/** *redirect* is the page for answers of this record system, beside this one. */
type Site = { client_id: string; scope: string; redirect: string; iss: string };
type Configuration = { [name: string]: Json };

const PATIENCE = 15_000; // milliseconds for one answer
const HTTPS = /^https:\/\//i;
const HTTP = /^https?:\/\//i; // for trying things out

/**
 * Where to sign in for the chart that the EHR named.
 *
 * @throws Trouble when no sign-in may be begun.
 */
async function signIn(asked: URLSearchParams): Promise<string> {
  const iss = asked.get("iss");
  const launch = asked.get("launch");
  if (!iss || !launch) {
    throw troubles.NOT_FROM_A_CHART;
  }
  if (!isSecureContext) {
    throw troubles.NOT_SAFE_ENOUGH;
  }
  const site = await siteOf(iss);
  const page = new URL(site.redirect, location.href).href;
  forgetOldLaunches();
  const { issuer, authorization_response_iss_parameter_supported: namesIssuer } = await configurationOf(site.iss);
  const state = newState();
  try {
    const address = await authorized(site, page, launch, state);
    expect(state, { page, issuer: typeof issuer === "string" ? issuer : site.iss, mustNameIssuer: namesIssuer === true });
    return address;
  } catch (problem) {
    forget(state);
    throw problem;
  }
}

/** What the site says of a FHIR server. */
async function siteOf(iss: string): Promise<Site> {
  const query = new URLSearchParams({ iss });
  const reply = await fetch(`smart?${query}`, { cache: "no-store", signal: AbortSignal.timeout(PATIENCE) }).catch(
    () => null,
  );
  if (!reply?.ok) {
    throw troubles.notListed(reply?.status ?? 0);
  }
  return (await reply.json()) as Site;
}

/** What the FHIR server says of its sign-in; it has to be an address that a page may send users and codes to. */
async function configurationOf(iss: string): Promise<Configuration> {
  const asked = fetchWellKnownJson(iss, { signal: AbortSignal.timeout(PATIENCE) });
  const said = (await asked.catch(() => null)) as Json;
  if (!isObject(said)) {
    throw troubles.NO_SIGN_IN;
  }
  const endpoints = [said.authorization_endpoint, said.token_endpoint];
  // a server without a sign-in would have fhirclient go on without one, and an address may be anything that a browser runs
  if (!endpoints.every((each) => typeof each === "string" && HTTP.test(each))) {
    throw troubles.NO_SIGN_IN;
  }
  if (location.protocol === "https:" && !endpoints.every((each) => HTTPS.test(String(each)))) {
    throw troubles.NOT_ENCRYPTED;
  }
  return said;
}

function forgetOldLaunches(): void {
  try {
    forgetOld();
  } catch {
    throw troubles.KEEPS_NOTHING;
  }
}

/** The address to go to, as fhirclient makes it; what is needed afterwards it keeps under *state*. */
async function authorized(site: Site, page: string, launch: string, state: string): Promise<string> {
  try {
    const address = await authorize({
      clientId: site.client_id,
      scope: site.scope,
      redirectUri: page,
      iss: site.iss,
      launch,
      stateKey: state,
      pkceMode: "required",
      completeInTarget: true, // a frame stays a frame: nothing is told to the window around it
      noRedirect: true, // looked at first
    });
    return address ?? "";
  } catch (problem) {
    const isAboutPkce = problem instanceof Error && problem.message.includes("PKCE");
    throw isAboutPkce ? troubles.NO_PKCE : troubles.NO_SIGN_IN;
  }
}

const opened = location.href;
const asked = new URLSearchParams(location.search);
// Out of the address bar; and fhirclient would take more from there than an EHR has to say.
history.replaceState(null, "", location.pathname);
say("Signing in…");
signIn(asked).then(
  (address) => location.replace(address),
  // a frame of another site may keep nothing where third-party cookies are blocked; a window of its own may
  (problem: unknown) => sayTrouble(problem, self === top ? {} : { elsewhere: opened }),
);
