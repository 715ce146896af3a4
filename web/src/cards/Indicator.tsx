// How urgent a card is: by word, by shape and by colour.
import type { Card } from "../contract.ts";

type Level = Card["indicator"];

const WORDS: Record<Level, string> = { critical: "Critical", warning: "Warning", info: "Information" };
const SHAPES: Record<Level, string> = {
  critical: "M5 1h6l4 4v6l-4 4H5l-4-4V5z", // an octagon
  warning: "M8 1l7.5 14H.5z", // a triangle
  info: "M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1z", // a disc
};

export function Indicator({ level }: { readonly level: Level }) {
  return (
    <span class={`card-indicator card-indicator-${level}`}>
      <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
        <path d={SHAPES[level]} fill="currentColor" />
        <path class="card-indicator-sign" d={level === "info" ? "M8 12V7M8 5V4" : "M8 5v4M8 11v1.5"} />
      </svg>
      {WORDS[level]}
    </span>
  );
}
