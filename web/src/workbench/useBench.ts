// What happens at the workbench: a patient is chosen, the hook is called, the onset is moved, and it is called again.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";

import { type Answered, call, discover, explain, stories, story } from "../client.ts";
import type { Explanation, HookRequest, Service, Story } from "../contract.ts";
import { inWords } from "../days.ts";
import { asNewPatient } from "../visits.ts";
import { moved, planted, withPlantedNamed } from "./onset.ts";
import { again, HOOK } from "./request.ts";
import { type Trouble, troubleOf } from "./words.ts";

/** What the page knows once it has asked what there is. */
export type Offer = { service: Service; stories: Story[] };

/** The record that was chosen; *story* is null for one that was opened from a file. */
export type Chosen = { story: string | null; file: string | null; request: HookRequest; notes: string[] };

/** One call and what came of it. */
export type Outcome = {
  request: HookRequest;
  answered: Answered | null;
  explanation: Explanation | null;
  trouble: Trouble | null;
};

/** What later answers are compared with: the first one of this record, or of it with a report added. */
export type Base = { outcome: Outcome; says: string; isPlanted: boolean };

export type Bench = ReturnType<typeof useBench>;

const FIRST_STORY = "furosemide-low-potassium";
export const PLANTED_HERE = "Cramps added in the workbench.";
const PAUSE = 250; // milliseconds without a move of the slider, after which the hook is called

export function useBench() {
  const [offer, setOffer] = useState<Offer | null>(null);
  const [chosen, setChosen] = useState<Chosen | null>(null);
  const [outcome, setOutcome] = useState<Outcome | null>(null);
  const [base, setBase] = useState<Base | null>(null);
  const [onset, setOnset] = useState<string | null>(null); // as moved; null: as recorded
  const [trouble, setTrouble] = useState<Trouble | null>(null);
  const [isBusy, setBusy] = useState(false);
  const latest = useRef(0); // only the answer to the latest wish is shown
  const timer = useRef<number | undefined>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);

  /** Do what was wished for last; what was begun before it has no effect any more. */
  async function wish<T>(work: () => Promise<T>, then: (result: T) => void): Promise<void> {
    clearTimeout(timer.current);
    const turn = ++latest.current;
    setBusy(true);
    setTrouble(null);
    try {
      const result = await work();
      if (turn === latest.current) {
        then(result);
      }
    } catch (error) {
      if (turn === latest.current) {
        setTrouble(troubleOf(error));
      }
    } finally {
      if (turn === latest.current) {
        setBusy(false);
      }
    }
  }

  function arrived(chosenNow: Chosen, result: Outcome): void {
    setChosen(chosenNow);
    setOutcome(result);
    setOnset(null);
    setBase({ outcome: result, says: "as recorded", isPlanted: false });
  }

  const actions = useMemo(
    () => ({
      /** Ask what there is, then show a built-in patient: the one called *name*, where there is one. */
      begin: (name: string | null) =>
        wish(
          async () => {
            const found = await offered();
            setOffer(found);
            const isKnown = found.stories.some((each) => each.name === name);
            return visit(found.service, await builtIn(name !== null && isKnown ? name : FIRST_STORY));
          },
          ([now, result]) => arrived(now, result),
        ),
      chooseStory: (service: Service, name: string) =>
        wish(
          async () => visit(service, await builtIn(name)),
          ([now, result]) => arrived(now, result),
        ),
      chooseRecord: (service: Service, record: Chosen) =>
        wish(
          () => visit(service, record),
          ([now, result]) => arrived(now, result),
        ),
      callAgain: (service: Service, request: HookRequest) => wish(() => asked(service, again(request)), setOutcome),
      /** Put in a report; what follows is compared with the answer to it. */
      plant: (service: Service, record: Chosen, date: string, today: string) => {
        const request = again(planted(record.request, date, today));
        return wish(
          () => asked(service, request),
          (result) => {
            arrived({ ...record, request, notes: [...record.notes, PLANTED_HERE] }, result);
            setBase({ outcome: result, says: `as added, from ${inWords(date)}`, isPlanted: true });
          },
        );
      },
      /** Move the onset at once, and call once it has stood still. */
      move: (service: Service, recorded: HookRequest, sources: readonly string[], date: string) => {
        setOnset(date);
        clearTimeout(timer.current);
        timer.current = window.setTimeout(
          () => void wish(() => asked(service, again(moved(recorded, sources, date))), setOutcome),
          PAUSE,
        );
      },
      /** Back to the date that is recorded. */
      moveBack: (service: Service, recorded: HookRequest) => {
        setOnset(null);
        return wish(() => asked(service, again(recorded)), setOutcome);
      },
    }),
    [],
  );

  return { offer, chosen, outcome, base, onset, trouble, isBusy, actions };
}

async function offered(): Promise<Offer> {
  const [services, builtInPatients] = await Promise.all([discover(), stories()]);
  const service = services.find(({ hook }) => hook === HOOK);
  if (service === undefined) {
    throw new Error(`discovery names no service for ${HOOK}`);
  }
  return { service, stories: builtInPatients };
}

async function builtIn(name: string): Promise<Chosen> {
  return { story: name, file: null, request: asNewPatient(await story(name)), notes: [] };
}

async function visit(service: Service, chosen: Chosen): Promise<[Chosen, Outcome]> {
  return [chosen, await asked(service, chosen.request)];
}

/**
 * Call the hook, and have explained what it answers.
 *
 * The explanation comes first: a call is remembered by the service, and could change the next answer.
 */
async function asked(service: Service, request: HookRequest): Promise<Outcome> {
  const nothing = { request, answered: null, explanation: null, trouble: null };
  try {
    const explanation = withPlantedNamed(await explain(request));
    return { ...nothing, explanation, answered: await call(service, request) };
  } catch (error) {
    return { ...nothing, trouble: troubleOf(error) };
  }
}
