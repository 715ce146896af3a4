// The cards of one answer, as a narrow sidebar of an EHR shows them.
import "./cards.css";

import type { Card } from "../contract.ts";
import { CardView } from "./CardView.tsx";
import { NoCards, type Silence } from "./NoCards.tsx";
import type { Send } from "./useOutcome.ts";

type Props = {
  readonly cards: readonly Card[];
  readonly silence: Silence | null;
  readonly send: Send;
  readonly onPick: (card: Card) => void;
};

export function Sidebar({ cards, silence, send, onPick }: Props) {
  return (
    <section class="card-sidebar" aria-label="Cards">
      <h2>{cards.length === 1 ? "1 card" : `${cards.length || "No"} cards`}</h2>
      {cards.length === 0 && <NoCards silence={silence} />}
      {cards.map((card, place) => (
        <CardView key={card.uuid ?? place} card={card} level={3} send={send} onPick={onPick} />
      ))}
    </section>
  );
}
