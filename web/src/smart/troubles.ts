// What can go wrong between the chart and the picture, in words, and what to do about it.

/** *detail* is for whoever runs the service; *mayPass*: the same may work in a moment. */
export class Trouble extends Error {
  override name = "Trouble";

  constructor(
    readonly what: string,
    readonly todo: string,
    readonly detail = "",
    readonly mayPass = false,
  ) {
    super(what);
  }
}

export const AGAIN = "Open it again from the patient's chart.";
const TELL = "Please tell whoever runs this service.";

export const NOT_FROM_A_CHART = new Trouble(
  "This page opens from a patient's chart.",
  "Open the chart in your record system and choose the timeline there.",
);
export const NOT_SAFE_ENOUGH = new Trouble(
  "This page was reached without https, so no sign-in is begun.",
  TELL,
);
export const KEEPS_NOTHING = new Trouble(
  "This browser lets the page keep nothing, not even while you sign in.",
  "A window of its own may do; else allow this page its session storage.",
);
export const NO_SIGN_IN = new Trouble(
  "The record system does not say where to sign in, so no sign-in is begun.",
  `Try it again from the patient's chart. If it stays so: ${TELL.toLowerCase()}`,
  "no usable SMART configuration came from the FHIR server",
);
export const NO_PKCE = new Trouble(
  "The record system does not offer the protected sign-in (PKCE) that this page needs, so no sign-in is begun.",
  TELL,
  "the SMART configuration does not list S256 in code_challenge_methods_supported",
);
export const NOT_ENCRYPTED = new Trouble(
  "The record system would have you sign in without https, so no sign-in is begun.",
  TELL,
  "authorization_endpoint or token_endpoint of the SMART configuration is no https address",
);
export const FROM_ANOTHER = new Trouble(
  "The answer came from another sign-in than the one that was asked, so nothing was read.",
  `${AGAIN} If it stays so: ${TELL.toLowerCase()}`,
  "it came to the page of another client, or its iss is not the issuer that the SMART configuration names (RFC 9207)",
);
export const ENDED = new Trouble("Nothing is kept of what was shown here.", AGAIN);
export const NOT_BEGUN_HERE = new Trouble(
  "This sign-in was not begun in this window, or has ended, so nothing was read.",
  AGAIN,
  "the state that came back is not that of a launch here",
);
export const NO_TOKEN = new Trouble(
  "The record system did not complete the sign-in.",
  `${AGAIN} If it stays so: ${TELL.toLowerCase()}`,
);
export const TOKEN_NOT_REACHED = new Trouble(
  "The sign-in could not be completed: no answer came from the record system.",
  `Check the connection. ${AGAIN}`,
  "the token endpoint did not answer, or its origin is not one that the site has listed",
);
export const NO_PATIENT = new Trouble(
  "The record system did not say which patient's chart is open.",
  AGAIN,
  "the token response names no patient, or not by a FHIR id",
);

/** The sign-in came back with an error; *code* is OAuth's. */
export function refusal(code: string): Trouble {
  const detail = /^[a-z_]{1,40}$/.test(code) ? code : "";
  switch (code) {
    case "access_denied":
      return new Trouble("Access to the record was not given.", `If it should be: ${AGAIN.toLowerCase()}`, detail);
    case "invalid_scope":
      return new Trouble("The record system does not let this page read what it asked for.", TELL, detail);
    case "server_error":
    case "temporarily_unavailable":
      return new Trouble("The record system could not sign you in just now.", AGAIN, detail);
    default:
      return new Trouble("The record system did not accept the sign-in of this page.", `${AGAIN} ${TELL}`, detail);
  }
}

/** The service did not answer to `smart`. */
export function notListed(status: number): Trouble {
  return status === 400 || status === 404
    ? new Trouble("The timeline is not enabled for this record system, so no sign-in is begun.", TELL)
    : unanswered(status, "");
}

/** The service did not give a picture; *words* are its own, fit to be shown. */
export function unanswered(status: number, words: string): Trouble {
  switch (status) {
    case 0:
      return new Trouble("No answer came from the service.", "Check the connection, then try again.", "", true);
    case 412:
      return new Trouble("The record could not be read.", AGAIN, words);
    case 413:
      return new Trouble("The record is larger than this service takes.", TELL, words);
    case 429:
    case 503:
      return new Trouble("The service is busy just now.", "Try again in a moment.", words, true);
    default:
      return new Trouble("The service did not give a picture of this record.", `${AGAIN} ${TELL}`, words);
  }
}
