// How the last call went: told on screen and aloud.
import type { Answered } from "../client.ts";
import { inBytes } from "../sizes.ts";
import type { Bench } from "./useBench.ts";
import type { Trouble } from "./words.ts";

type Props = {
  readonly bench: Bench;
  readonly trouble: Trouble | null;
  readonly fileTrouble: Trouble | null;
  readonly onRetry: () => void;
};

export function Status({ bench, trouble, fileTrouble, onRetry }: Props) {
  const { offer, outcome, isBusy } = bench;
  return (
    <section class="bench-status" aria-label="Call">
      <div role="status">{isBusy ? "Asking the service…" : <Said bench={bench} trouble={trouble} />}</div>
      <button type="button" aria-disabled={isBusy} onClick={() => !isBusy && onRetry()}>
        {offer && outcome ? "Call again" : "Try again"}
      </button>
      <div role="alert">
        {[trouble, fileTrouble].map(
          (each) =>
            each && (
              <p key={each.says} class="bench-trouble">
                <strong>{each.says}</strong> {each.advice}
              </p>
            ),
        )}
      </div>
    </section>
  );
}

function Said({ bench, trouble }: { readonly bench: Bench; readonly trouble: Trouble | null }) {
  const { offer, outcome } = bench;
  if (!offer || !outcome?.answered || trouble) {
    return <>No answer.</>;
  }
  const { answered, explanation } = outcome;
  const parts = [
    `${offer.service.id}, CDS Hooks ${offer.service.version ?? "2.0"}`,
    knowledge(answered),
    `status ${answered.status}`,
    count(answered),
    `${inBytes(answered.sent)} sent, ${inBytes(answered.bytes)} received`,
    `${answered.milliseconds.toFixed(0)} ms`,
    explanation && `dated ${explanation.today}`,
  ];
  return <>{parts.filter(Boolean).join(" · ")}</>;
}

function count({ cards }: Answered): string {
  return cards.length === 1 ? "1 card" : `${cards.length || "no"} cards`;
}

/** The version of the knowledge, which only cards tell. */
function knowledge({ cards }: Answered): string {
  const version = cards[0]?.extension?.["org.legcramps.knowledge"];
  return version ? `knowledge ${version}` : "";
}
