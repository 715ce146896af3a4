// What a card suggests: drafts that a clinician may take up.
import { useId, useState } from "preact/hooks";

import type { Card, Suggestion } from "../contract.ts";
import { JsonView } from "../JsonView.tsx";

type Props = {
  readonly card: Card;
  readonly accept: ((chosen: Suggestion[]) => void) | null; // null: they can only be looked at
};

/** One button for each, or boxes and one button where several may be taken together. */
export function Suggestions({ card, accept }: Props) {
  const { suggestions = [], selectionBehavior } = card;
  if (suggestions.length === 0) {
    return null;
  }
  return (
    <section class="card-suggestions" aria-label="Suggestions">
      {accept && selectionBehavior === "any" && suggestions.length > 1 ? (
        <Several suggestions={suggestions} accept={accept} />
      ) : (
        suggestions.map((each, place) => (
          <div class="card-suggestion" key={each.uuid ?? place}>
            <span>{each.label}</span>
            <Recommended suggestion={each} />
            {accept && (
              <button type="button" aria-label={`Accept: ${each.label}`} onClick={() => accept([each])}>
                Accept
              </button>
            )}
            <Drafts suggestion={each} />
          </div>
        ))
      )}
    </section>
  );
}

function Several({ suggestions, accept }: { suggestions: Suggestion[]; accept: (chosen: Suggestion[]) => void }) {
  const [chosen, choose] = useState<readonly Suggestion[]>([]);
  const hint = useId();
  const toggle = (each: Suggestion) =>
    choose(chosen.includes(each) ? chosen.filter((other) => other !== each) : [...chosen, each]);
  return (
    <>
      {suggestions.map((each, place) => (
        <div class="card-suggestion" key={each.uuid ?? place}>
          <label>
            <input type="checkbox" checked={chosen.includes(each)} onChange={() => toggle(each)} />
            {each.label}
          </label>
          <Recommended suggestion={each} />
          <Drafts suggestion={each} />
        </div>
      ))}
      <button
        type="button"
        aria-disabled={chosen.length === 0}
        aria-describedby={hint}
        onClick={() => chosen.length > 0 && accept(suggestions.filter((each) => chosen.includes(each)))}
      >
        Accept
      </button>
      <small id={hint}>{chosen.length > 0 ? `${chosen.length} chosen` : "Choose one or more"}</small>
    </>
  );
}

function Recommended({ suggestion }: { readonly suggestion: Suggestion }) {
  return suggestion.isRecommended ? <small class="card-recommended">recommended</small> : null;
}

/** The resources that accepting would create, as they are sent. */
function Drafts({ suggestion }: { readonly suggestion: Suggestion }) {
  return (
    <>
      {(suggestion.actions ?? []).map((action, place) => (
        <details class="card-draft" key={place}>
          <summary>
            {action.description} ({action.type})
          </summary>
          {action.resource && <JsonView label={action.description} value={action.resource} />}
        </details>
      ))}
    </>
  );
}
