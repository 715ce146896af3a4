// What stands beside the cards, one tab each.
import { useRef } from "preact/hooks";

import type { Explanation, Service } from "../contract.ts";
import type { Resource } from "../fhir.ts";
import { Review } from "../review/Review.tsx";
import { TimelineView } from "../timeline/TimelineView.tsx";
import { TraceView } from "../trace/TraceView.tsx";
import { whoIs } from "./Banner.tsx";
import { JsonPane } from "./JsonPane.tsx";
import type { Outcome } from "./useBench.ts";

export const TABS = ["timeline", "trace", "request", "response", "cards"] as const;
export type Tab = (typeof TABS)[number];

const LABELS: Record<Tab, string> = {
  timeline: "Timeline",
  trace: "Why this answer",
  request: "Request",
  response: "Response",
  cards: "All cards",
};

type Props = {
  readonly tab: Tab;
  readonly onTab: (tab: Tab) => void;
  readonly service: Service;
  readonly outcome: Outcome;
  readonly patient: Resource | null;
  readonly rows: readonly string[];
  readonly sources: readonly string[];
  readonly onSources: (sources: string[]) => void;
};

export function Panels(props: Props) {
  const { tab, onTab } = props;
  const buttons = useRef(new Map<Tab, HTMLButtonElement>());

  function go(event: KeyboardEvent): void {
    const next = nextTab(tab, event.key);
    if (next) {
      event.preventDefault();
      onTab(next);
      buttons.current.get(next)?.focus();
    }
  }

  return (
    <>
      <div class="bench-tabs" role="tablist" aria-label="Why, and what was sent" onKeyDown={go}>
        {TABS.map((each) => (
          <button
            key={each}
            ref={(button) => {
              if (button) {
                buttons.current.set(each, button);
              }
            }}
            type="button"
            role="tab"
            id={`bench-tab-${each}`}
            aria-selected={each === tab}
            aria-controls="bench-panel"
            tabIndex={each === tab ? 0 : -1}
            onClick={() => onTab(each)}
          >
            {LABELS[each]}
          </button>
        ))}
      </div>
      <div class="bench-panel" id="bench-panel" role="tabpanel" aria-labelledby={`bench-tab-${tab}`} tabIndex={0}>
        <Panel {...props} />
      </div>
    </>
  );
}

function nextTab(tab: Tab, key: string): Tab | undefined {
  const place = TABS.indexOf(tab);
  const all = TABS.length;
  const places: Record<string, number> = {
    ArrowRight: (place + 1) % all,
    ArrowLeft: (place + all - 1) % all,
    Home: 0,
    End: all - 1,
  };
  const next = places[key];
  return next === undefined ? undefined : TABS[next];
}

function Panel({ tab, service, outcome, patient, rows, sources, onSources }: Props) {
  const { explanation, request, answered, trouble } = outcome;
  switch (tab) {
    case "timeline":
      return explanation?.timeline ? (
        <>
          <p class="bench-paper">
            <strong>{patient ? whoIs(patient) : "No patient in the request"}</strong> Demo: synthetic data
          </p>
          <TimelineView
            timeline={explanation.timeline}
            entries={explanation.entries}
            rows={rows}
            sources={sources}
          />
          <p class="bench-paper">Possible contributors from record data; not a diagnosis</p>
        </>
      ) : (
        <p class="bench-muted">Nothing to draw: {whyNothing(explanation)}</p>
      );
    case "trace":
      return explanation?.trace ? (
        <TraceView explanation={explanation} onSources={onSources} />
      ) : (
        <p class="bench-muted">Nothing to trace: {whyNothing(explanation)}</p>
      );
    case "request":
      return <JsonPane label={`POST cds-services/${service.id}`} value={request} />;
    case "response":
      return answered ? (
        <JsonPane label={`Status ${answered.status}`} value={answered.body} />
      ) : (
        <p class="bench-muted">No answer. {trouble?.says}</p>
      );
    case "cards":
      return <Review service={service} />;
  }
}

function whyNothing(explanation: Explanation | null): string {
  return explanation?.why || "the service did not read this record.";
}
