// What was done with a card, and whether the service was told.
import { useRef, useState } from "preact/hooks";

import { Refused } from "../client.ts";
import type { Feedback, Outcome } from "./feedback.ts";

export type Send = (feedback: Feedback) => Promise<void>;

type Done = {
  readonly outcome: Outcome["outcome"] | null; // null: nothing yet that the service knows of
  readonly said: string; // for a person
  readonly tell: (feedback: Feedback | null, what: string) => void;
};

/** Send what was done with a card, once; *what* says it to a person. After a failure it can be tried again. */
export function useOutcome(send: Send | undefined): Done {
  const [outcome, settle] = useState<Done["outcome"]>(null);
  const [said, say] = useState("");
  const isOnItsWay = useRef(false);
  const tell = async (feedback: Feedback | null, what: string) => {
    const [told] = feedback?.feedback ?? [];
    if (!send || !feedback || !told) {
      say("Not sent: the suggestion has no id by which the service could know it.");
      return;
    }
    if (isOnItsWay.current) {
      return;
    }
    isOnItsWay.current = true;
    say("Sending feedback …");
    try {
      await send(feedback);
      settle(told.outcome);
      say(`Feedback sent: ${what}.`);
    } catch (error) {
      say(`Feedback was not sent. ${why(error)}`);
    } finally {
      isOnItsWay.current = false;
    }
  };
  return { outcome, said, tell: (feedback, what) => void tell(feedback, what) };
}

function why(error: unknown): string {
  if (!(error instanceof Refused)) {
    throw error;
  }
  if (error.status === 0) {
    return "The service did not answer; try again.";
  }
  return `The service answered ${error.status}${error.words && `: ${error.words}`}.`;
}
