// What the service answers for each built-in patient.
import type { Silence } from "../cards/NoCards.tsx";
import type { Card, Service, Story } from "../contract.ts";
import { call, explain, Refused, stories, story } from "../client.ts";
import { asNewPatient } from "../visits.ts";

export type Answer = {
  readonly story: Story;
  readonly cards: readonly Card[];
  readonly silence: Silence | null;
  readonly problem: string; // "": an answer came
};

const AT_ONCE = 3; // calls: the service has other things to do

/**
 * Call the service for each built-in patient, a few at a time; *tell* is told after each, answers in their order.
 *
 * @throws Refused when the patients can't be listed. What goes wrong with one of them is told with it.
 */
export async function each(
  service: Service,
  signal: AbortSignal,
  tell: (answers: Answer[], total: number) => void,
): Promise<void> {
  const all = await stories();
  const answers = new Map<Story, Answer>();
  const waiting = all.values();
  const next = async () => {
    for (const one of waiting) {
      const answer = await answered(service, one);
      if (signal.aborted) {
        return;
      }
      answers.set(one, answer);
      tell(
        all.flatMap((known) => answers.get(known) ?? []),
        all.length,
      );
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, next));
}

async function answered(service: Service, one: Story): Promise<Answer> {
  try {
    const request = asNewPatient(await story(one.name)); // what was dismissed elsewhere is not silent here
    const { cards } = await call(service, request);
    const why = cards.length > 0 ? null : await explain(request);
    const silence = why?.silence ? { code: why.silence, why: why.why } : null;
    return { story: one, cards, silence, problem: "" };
  } catch (error) {
    if (!(error instanceof Refused)) {
      throw error;
    }
    const problem = error.status === 0 ? "No answer came." : `The service answered ${error.status}: ${error.words}`;
    return { story: one, cards: [], silence: null, problem };
  }
}
