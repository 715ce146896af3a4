// What the EHR's sign-in sent back.
import { begun, forget, forgetOld, type Expected } from "./begun.ts";
import * as troubles from "./troubles.ts";

export type Answer = { state: string; code: string };

/**
 * The answer of the sign-in, taken out of the address bar.
 *
 * fhirclient looks up whatever state is in the address and believes any error; here it has to be a launch of ours, and
 * the answer of the record system at which it began.
 *
 * @throws Trouble when there is none, or it is not of a launch that began here.
 */
export function takeAnswer(): Answer {
  const said = new URLSearchParams(location.search);
  history.replaceState(null, "", location.pathname);
  const state = said.get("state") ?? "";
  const code = said.get("code") ?? "";
  const error = said.get("error");
  if (!state && !code && error === null) {
    throw troubles.ENDED;
  }
  const expected = kept(state);
  if (!expected) {
    forgetOld(0); // whoever sent this may know more of a launch that is still open
    throw troubles.NOT_BEGUN_HERE;
  }
  if (!isFrom(expected, said.getAll("iss"))) {
    forget(state);
    throw troubles.FROM_ANOTHER;
  }
  if (error !== null || !code) {
    forget(state);
    throw troubles.refusal(error ?? "");
  }
  return { state, code };
}

function kept(state: string): Expected | null {
  try {
    return begun(state);
  } catch {
    throw troubles.KEEPS_NOTHING;
  }
}

/**
 * Whether this is the page for those that were asked, and nobody else is named as who answers (RFC 9207).
 *
 * A record system could send its users on to the sign-in of another one, and get hold of the code that comes from there.
 */
function isFrom({ page, issuer, mustNameIssuer }: Expected, named: string[]): boolean {
  const isNamed = named.length > 0 || !mustNameIssuer;
  return page === location.origin + location.pathname && isNamed && named.every((each) => each === issuer);
}
