// What a person is told when something did not work, and what can be done about it.
import { Refused } from "../client.ts";

/** Something that did not work. */
export type Trouble = { says: string; advice: string };

const CALL_AGAIN = "Then press “Call again”.";
const ADVICE: Record<number, string> = {
  0: `Is it still running (“make run”)? ${CALL_AGAIN}`,
  400: "Open another file, or see under “Request” what was sent.",
  404: "Choose another patient from the list.",
  412: "The record lacks something that the service can't do without. Open a fuller one.",
  413: "Open a record with fewer entries, or let the service accept more (LEGCRAMPS_MAX_BODY).",
  429: `Wait a moment. ${CALL_AGAIN}`,
  503: `Wait a moment. ${CALL_AGAIN}`,
};
const SAYS: Record<number, string> = {
  0: "The service can't be reached.",
  413: "The record is too large for the service (413).",
  503: "The service is busy (503).",
};

/** An error in words. */
export function troubleOf(error: unknown): Trouble {
  if (!(error instanceof Refused)) {
    return { says: "The answer could not be read.", advice: "See the browser's console, and report it." };
  }
  const { status, words } = error;
  const says = SAYS[status] ?? `The service refused the call (${status}).`;
  const told = status !== 0 && words !== "" ? `${says} It says: “${words}”` : says;
  return { says: told, advice: ADVICE[status] ?? `See the service's log. ${CALL_AGAIN}` };
}
