// One card, as an EHR's sidebar shows it, and what a clinician can do with it.
import type { ComponentChildren } from "preact";
import { useId, useLayoutEffect, useRef } from "preact/hooks";

import type { Card, Coding, Suggestion } from "../contract.ts";
import { Detail } from "./Detail.tsx";
import { Dismissal } from "./Dismissal.tsx";
import { accepted, overridden } from "./feedback.ts";
import { Indicator } from "./Indicator.tsx";
import { Links, WebLink } from "./Links.tsx";
import { Suggestions } from "./Suggestions.tsx";
import { type Send, useOutcome } from "./useOutcome.ts";

type Props = {
  readonly card: Card;
  readonly level: 3 | 4; // of its heading
  readonly send?: Send | undefined; // none: the card can only be looked at
  readonly onPick?: ((card: Card) => void) | undefined;
};

export function CardView({ card, level, send, onPick }: Props) {
  const heading = useId();
  const article = useRef<HTMLElement>(null);
  const { outcome, said, tell } = useOutcome(send);
  const canAct = send !== undefined && card.uuid !== undefined && outcome === null;
  const Heading = `h${level}` as const;
  // The button that had the focus is gone.
  useLayoutEffect(() => (outcome ? article.current?.focus() : undefined), [outcome]);
  const accept = (chosen: Suggestion[]) =>
    tell(accepted(card, chosen), `accepted ${chosen.map(({ label }) => `“${label}”`).join(", ")}`);
  const dismiss = (reason: Coding | null, comment: string) =>
    tell(overridden(card, reason, comment), `dismissed, ${reason?.display ?? reason?.code ?? "no reason given"}`);
  return (
    <article
      class={`card card-${card.indicator}`}
      aria-labelledby={heading}
      tabIndex={-1}
      ref={article}
      onClick={() => onPick?.(card)}
      onFocusIn={() => onPick?.(card)}
    >
      <Indicator level={card.indicator} />
      <Heading id={heading} class="card-summary">
        {card.summary}
      </Heading>
      <Body card={card} isFolded={outcome === "overridden"}>
        <Suggestions card={card} accept={canAct ? accept : null} />
      </Body>
      {canAct && <Dismissal reasons={card.overrideReasons ?? []} dismiss={dismiss} />}
      {send && (
        <p class="card-said" role="status">
          {said}
        </p>
      )}
    </article>
  );
}

type BodyProps = { readonly card: Card; readonly isFolded: boolean; readonly children: ComponentChildren };

/** What the card says; a dismissed one says it to whoever unfolds it. */
function Body({ card, isFolded, children }: BodyProps) {
  const { detail, links, source } = card;
  const body = (
    <>
      {detail && <Detail text={detail} />}
      {children}
      <Links links={links ?? []} />
      <p class="card-source">
        Source: {source.url ? <WebLink url={source.url} label={source.label} /> : source.label}
      </p>
    </>
  );
  return isFolded ? (
    <details>
      <summary>What it said</summary>
      {body}
    </details>
  ) : (
    body
  );
}
