// What a reviewer of `cards/` looks at: the cards of all built-in patients, as a sidebar shows them.
import "../cards/cards.css";
import "./review.css";

import { useEffect, useId, useState } from "preact/hooks";

import { CardView } from "../cards/CardView.tsx";
import { NoCards } from "../cards/NoCards.tsx";
import type { Service } from "../contract.ts";
import { Refused } from "../client.ts";
import { type Answer, each } from "./answers.ts";
import { ALL, choices, fits } from "./choices.ts";

type State = { readonly answers: readonly Answer[]; readonly total: number | null; readonly problem: string };

const NOTHING_YET: State = { answers: [], total: null, problem: "" };

export function Review({ service }: { readonly service: Service }) {
  const { answers, total, problem } = useAnswers(service);
  const [chosen, choose] = useState(ALL);
  const field = useId();
  const shown = answers.filter((answer) => fits(answer, chosen));
  const isLoading = total === null || answers.length < total;
  return (
    <section class="review" aria-label="All cards" aria-busy={isLoading && !problem}>
      <h2>The cards of all built-in patients</h2>
      <p class="review-filter">
        <label for={field}>Show patients with</label>{" "}
        <select id={field} value={chosen} onChange={(event) => choose(event.currentTarget.value)}>
          {choices(answers).map(({ value, label }) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </select>
      </p>
      {isLoading && !problem && (
        <p>
          <progress max={total ?? 1} value={answers.length} aria-label="Patients read" /> {answers.length} of{" "}
          {total ?? "…"}
        </p>
      )}
      <p role="status">
        {problem || (isLoading ? "Asking the service for each…" : `${shown.length} of ${total} patients`)}
      </p>
      {shown.map((answer) => (
        <Patient key={answer.story.name} answer={answer} />
      ))}
    </section>
  );
}

/** The answers for all built-in patients, in the order of their names, as they come. */
function useAnswers(service: Service): State {
  const [state, set] = useState(NOTHING_YET);
  useEffect(() => {
    const stop = new AbortController();
    set(NOTHING_YET);
    each(service, stop.signal, (answers, total) => set({ answers, total, problem: "" })).catch((error: unknown) => {
      if (!(error instanceof Refused)) {
        throw error;
      }
      set({ ...NOTHING_YET, problem: "The built-in patients could not be read. Is the service running?" });
    });
    return () => stop.abort();
  }, [service.id]);
  return state;
}

function Patient({ answer }: { readonly answer: Answer }) {
  const { story, cards, silence, problem } = answer;
  return (
    <section class="review-patient" aria-label={story.title}>
      <h3>
        <a href={`#story=${encodeURIComponent(story.name)}`}>{story.title}</a>
      </h3>
      {problem && <p>{problem}</p>}
      {cards.length === 0 && !problem && <NoCards silence={silence} />}
      {cards.map((card, place) => (
        <CardView key={card.uuid ?? place} card={card} level={4} />
      ))}
    </section>
  );
}
