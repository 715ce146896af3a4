// The timeline as a SMART app, once the EHR has let the user in.
import "../page.css";
import "./smart.css";
import { explain, Refused } from "../client.ts";
import { takeAnswer } from "./callback.ts";
import { Chart } from "./Chart.tsx";
import { say, sayTrouble, show } from "./notice.tsx";
import { session, type Session } from "./session.ts";
import { unanswered } from "./troubles.ts";

async function open(): Promise<void> {
  say("Signing in…");
  await draw(await session(takeAnswer()));
}

/** Have the service read the record, and show what it makes of it; after that nobody holds the token any more. */
async function draw(known: Session): Promise<void> {
  say("Reading the record…");
  const { rows, isReaderKnown, needsBanner } = known;
  try {
    const [explanation, person] = await Promise.all([explain(known.request), known.person]);
    show(<Chart {...{ explanation, person, rows, isReaderKnown, needsBanner }} />);
  } catch (problem) {
    const isAnswer = problem instanceof Refused;
    sayTrouble(isAnswer ? unanswered(problem.status, problem.words) : problem, { again: () => void draw(known) });
  }
}

open().catch((problem: unknown) => sayTrouble(problem));
