import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";

import type { Timeline } from "../contract.ts";
import { onsetName } from "./Lines.tsx";
import { marksOf } from "./links.ts";
import { Patterns } from "./Shades.tsx";

/** The signs of the picture in words. */
export function Legend({ timeline }: { readonly timeline: Timeline }) {
  const name = useId().replace(/[^\w-]/g, "");
  return (
    <ul class="timeline-legend" aria-label="Signs">
      {timeline.shades.map((shade) => (
        <Line key={shade.time_class} says={shade.says}>
          <defs>
            <Patterns name={name} />
          </defs>
          <rect width="22" height="12" fill={`url(#${name}-${shade.time_class})`} />
        </Line>
      ))}
      {!timeline.onset && <li>{onsetName(timeline)}</li>}
      <Courses timeline={timeline} />
      {timeline.lanes.some(({ kind }) => kind === "result") && <Results />}
    </ul>
  );
}

function Courses({ timeline }: { readonly timeline: Timeline }) {
  const marks = marksOf(timeline);
  const hasDrugs = timeline.lanes.some(({ kind }) => kind === "drug");
  const isStartOpen = marks.some(({ begins }) => begins === null);
  const lasting = timeline.lanes.filter(({ kind }) => kind === "drug" || kind === "cramps");
  const isStartUnsure = lasting.some((lane) => lane.marks.some(({ begins_until }) => begins_until !== null));
  const isEndOpen = marks.some(({ begins, ends, is_running }) => begins !== null && ends === null && !is_running);
  return (
    <>
      {hasDrugs && (
        <Line kind="drug" says="drug course, higher with the dose">
          <rect class="timeline-bar" y="6" width="9" height="6" />
          <rect class="timeline-bar" x="9" width="13" height="12" />
        </Line>
      )}
      {hasDrugs && (
        <Line kind="drug" says="an entry">
          <path class="timeline-given" d="M4 4v5M11 4v5M18 4v5" />
        </Line>
      )}
      {isStartOpen && (
        <Line kind="drug" says="start not recorded">
          <line class="timeline-open" x1="0" x2="22" y1="6" y2="6" />
        </Line>
      )}
      {isStartUnsure && (
        <Line kind="drug" says="may have begun by then">
          <rect class="timeline-bar" width="22" height="12" />
          <rect class="timeline-unsure" width="12" height="12" />
        </Line>
      )}
      {isEndOpen && (
        <Line kind="drug" says="end not recorded">
          <line class="timeline-lost" x1="0" x2="22" y1="6" y2="6" />
        </Line>
      )}
    </>
  );
}

function Results() {
  return (
    <>
      <Line kind="band" says="the laboratory's own limits">
        <rect width="22" height="12" />
      </Line>
      <Line kind="result" says="within">
        <circle class="timeline-point timeline-within" cx="11" cy="6" r="4" />
      </Line>
      <Line kind="result" says="below, above">
        <path class="timeline-point timeline-low" d="M0 2h10l-5 9z" />
        <path class="timeline-point timeline-high" d="M12 11h10l-5 -9z" />
      </Line>
      <Line kind="result" says="no limits given">
        <circle class="timeline-point timeline-unknown" cx="11" cy="6" r="4" />
      </Line>
    </>
  );
}

type LineProps = {
  readonly kind?: "drug" | "band" | "result";
  readonly says: string;
  readonly children: ComponentChildren;
};

/** A sign, and what it says. */
function Line({ kind, says, children }: LineProps) {
  return (
    <li>
      <svg width="22" height="12" viewBox="0 0 22 12" aria-hidden="true">
        <g class={kind ? `timeline-${kind}` : ""}>{children}</g>
      </svg>
      {says}
    </li>
  );
}
