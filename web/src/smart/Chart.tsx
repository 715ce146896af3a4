// The page that a clinician came for: whose chart it is, the picture, and in words what it shows and what it lacks.
import type { Explanation } from "../contract.ts";
import { inWords } from "../days.ts";
import { TimelineView } from "../timeline/TimelineView.tsx";
import { Contributors } from "./Contributors.tsx";
import { Lacking } from "./Lacking.tsx";
import type { Person } from "./person.ts";

type Props = {
  readonly explanation: Explanation;
  readonly person: Person | null;
  readonly rows: string[];
  readonly isReaderKnown: boolean;
  readonly needsBanner: boolean;
};

const NO_SOURCES: string[] = [];

export function Chart({ explanation, person, rows, isReaderKnown, needsBanner }: Props) {
  const { timeline, entries, silence, why, today } = explanation;
  return (
    <div class="smart-chart">
      <Banner {...{ person, needsBanner, today }} />
      <main>
        <h1>Reported nocturnal leg cramps</h1>
        {silence !== null && (
          <p class="smart-silence" role="status">
            No card is shown for this patient: {why || silence}.
          </p>
        )}
        {timeline ? (
          <TimelineView {...{ timeline, entries, rows }} sources={NO_SOURCES} />
        ) : (
          <p>There is no picture, since nothing of the record was read.</p>
        )}
        {timeline && <Contributors contributors={timeline.contributors} rows={rows} />}
        <Lacking {...{ explanation, isReaderKnown }} hasName={person !== null} />
      </main>
      <footer class="smart-footer">
        For clinicians: what could be contributing, not a diagnosis. Nothing of this page is stored; to see it again,
        open it from the patient's chart.
      </footer>
    </div>
  );
}

type BannerProps = { readonly person: Person | null; readonly needsBanner: boolean; readonly today: string };

/** Whose chart it is; where the EHR shows that around this page, on paper only, which leaves the EHR. */
function Banner({ person, needsBanner, today }: BannerProps) {
  return (
    <header class={needsBanner ? "smart-banner" : "smart-banner smart-banner-on-paper"} aria-label="Patient">
      <strong class="smart-told">{person ? person.name || "No name is recorded" : "The patient's name could not be read"}</strong>
      {person && <span class="smart-told">{person.born ? `born ${inWords(person.born)}` : "no date of birth is recorded"}</span>}
      <span class="smart-told">as of {inWords(today)}</span>
    </header>
  );
}
