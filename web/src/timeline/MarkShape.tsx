import type { ComponentChildren } from "preact";

import type { Lane, Mark } from "../contract.ts";
import type { Scale } from "./axis.ts";
import type { PlacedLane } from "./lanes.ts";
import { type Rows, rowsInWords } from "./links.ts";

/** What of the picture is pointed at. */
export type PictureState = {
  isDim: (mark: string) => boolean;
  isLit: (mark: string) => boolean;
  current: string | null; // the one mark in the order of the Tab key
  pinned: string | null;
};
export type LaneProps = {
  readonly placed: PlacedLane;
  readonly scale: Scale;
  readonly today: number;
  readonly lines: readonly number[]; // of today and the cramps, which words keep clear of
  readonly rows: Rows;
  readonly state: PictureState;
};

/** A mark as a button: its name is what the record says; Enter or a click keeps its entry in the panel. */
export function MarkShape({ mark, rows, state, kind, children }: {
  readonly mark: Mark;
  readonly rows: Rows;
  readonly state: PictureState;
  readonly kind: Lane["kind"];
  readonly children: ComponentChildren;
}) {
  const looks = ["timeline-mark", `timeline-${kind}`];
  if (state.isDim(mark.id)) looks.push("timeline-dim");
  if (state.isLit(mark.id)) looks.push("timeline-lit");
  if (state.pinned === mark.id) looks.push("timeline-pinned");
  return (
    <g
      class={looks.join(" ")}
      role="button"
      aria-label={spoken(mark, rows)}
      aria-pressed={state.pinned === mark.id}
      tabindex={state.current === mark.id ? 0 : -1}
      data-mark={mark.id}
    >
      {children}
    </g>
  );
}

function spoken(mark: Mark, rows: Rows): string {
  return [mark.says, rowsInWords(rows, mark.id)].filter(Boolean).join("; ");
}
