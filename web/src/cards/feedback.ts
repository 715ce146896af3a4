// What is told the service of a card: CDS Hooks feedback, one outcome of one card at a time.
import type { Card, Coding, Suggestion } from "../contract.ts";

export type Outcome = { card: string; outcomeTimestamp: string } & (
  | { outcome: "accepted"; acceptedSuggestions: { id: string }[] }
  | { outcome: "overridden"; overrideReason?: { reason?: Coding; userComment?: string } }
);
export type Feedback = { feedback: Outcome[] };

/** The suggestions were taken up; null where card or suggestions have no id, since then there is nothing to tell. */
export function accepted(card: Card, suggestions: readonly Suggestion[], at = new Date()): Feedback | null {
  const ids = suggestions.flatMap(({ uuid }) => (uuid ? [{ id: uuid }] : []));
  if (!card.uuid || ids.length === 0) {
    return null;
  }
  return told({ card: card.uuid, outcome: "accepted", acceptedSuggestions: ids, outcomeTimestamp: at.toISOString() });
}

/** The card was dismissed, with a reason and a comment where they were given; null where the card has no id. */
export function overridden(card: Card, reason: Coding | null, comment: string, at = new Date()): Feedback | null {
  if (!card.uuid) {
    return null;
  }
  const userComment = comment.trim();
  const why = { ...(reason && { reason }), ...(userComment && { userComment }) };
  return told({
    card: card.uuid,
    outcome: "overridden",
    ...(Object.keys(why).length > 0 && { overrideReason: why }),
    outcomeTimestamp: at.toISOString(),
  });
}

function told(outcome: Outcome): Feedback {
  return { feedback: [outcome] };
}
