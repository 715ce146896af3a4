// Why an answer is as it is, for a reviewer: all that the service's trace holds.
import "./trace.css";

import type { Explanation, Trace } from "../contract.ts";
import { inWords } from "../days.ts";
import { ConsideredRows } from "./ConsideredRows.tsx";
import { type Entries, EntriesContext } from "./Entries.tsx";
import { AboutRules, Fold, List, Sources } from "./parts.tsx";

type Props = {
  readonly explanation: Explanation;
  readonly onSources: (sources: string[]) => void;
};

export function TraceView({ explanation, onSources }: Props) {
  const { trace, entries } = explanation;
  const known: Entries = { entries, point: onSources };
  return (
    <EntriesContext.Provider value={known}>
      <section class="trace" aria-label="Trace">
        <Answer explanation={explanation} />
        {trace ? <Read trace={trace} /> : <p>Nothing of the record was read.</p>}
        <Fetched fetched={explanation.fetched} />
      </section>
    </EntriesContext.Provider>
  );
}

function Answer({ explanation }: { readonly explanation: Explanation }) {
  const { silence, why, today, trace } = explanation;
  return (
    <>
      <h2>Answer</h2>
      {silence === null ? (
        <p>There is something to say.</p>
      ) : (
        <p class="trace-silence">
          Silent: {why || "no reason is known"}. Reason code: <code>{silence}</code>
        </p>
      )}
      <p>
        As of {inWords(today)}.{trace && ` ${personWords(trace.person)}`}
      </p>
    </>
  );
}

function personWords({ age, is_adult, is_deceased }: Trace["person"]): string {
  const adult = is_adult === null ? "not known to be an adult" : is_adult ? "an adult" : "a minor";
  const years = age === null ? "Age not known" : `Age ${age}`;
  return `${years}, ${adult}${is_deceased ? ", recorded as deceased" : ""}.`;
}

function Read({ trace }: { readonly trace: Trace }) {
  return (
    <>
      <Reports trace={trace} />
      <Cards cards={trace.cards} />
      <ConsideredRows considered={trace.considered} />
      <Faded faded={trace.faded} />
      <Lost trace={trace} />
      <Fold title="Rules that the record says nothing about" count={trace.not_in_record.length}>
        {() => (
          <p class="trace-rows">
            <AboutRules rows={trace.not_in_record} />
          </p>
        )}
      </Fold>
    </>
  );
}

function Reports({ trace }: { readonly trace: Trace }) {
  return (
    <>
      <h2>Reports of leg cramps</h2>
      <List empty="None counts.">
        {trace.reports.map((each) => (
          <li key={each.sources.join()}>
            {each.carrier}, {each.onset === null ? "no onset is known" : onsetWords(each.onset, each.onset_is_stated)}
            <Sources names={each.sources} />
          </li>
        ))}
      </List>
      {trace.refused.length > 0 && (
        <p>
          Did not count: <code>{trace.refused.join(", ")}</code>
        </p>
      )}
    </>
  );
}

function onsetWords(onset: string, isStated: boolean): string {
  return isStated ? `onset ${onset}` : `onset not stated; recorded ${onset}`;
}

function Cards({ cards }: { readonly cards: Trace["cards"] }) {
  return (
    <>
      <h2>Cards</h2>
      <List empty="None.">
        {cards.map((each, place) => (
          <li key={place}>
            {each.card} card, {each.indicator}
            {each.chain !== null && (
              <>
                , chain <AboutRules rows={[each.chain]} />
              </>
            )}
            {Object.entries(each.rows).map(([row, role]) => (
              <span key={row}>
                {" "}
                · <AboutRules rows={[row]} /> {role}
              </span>
            ))}
          </li>
        ))}
      </List>
    </>
  );
}

const WHY_FADED: Record<string, string> = {
  overridden: "overridden",
  "not-nlc": "said not to be nocturnal leg cramps",
  "shown-to-user": "shown to this reader often enough",
  "shown-for-long": "shown for long enough",
};

function Faded({ faded }: { readonly faded: Trace["faded"] }) {
  return (
    <Fold title="Not said again" count={faded.length} isOpen={faded.length > 0}>
      {() => (
        <ul>
          {faded.map((each) => (
            <li key={each.rule}>
              <AboutRules rows={[each.rule]} /> {WHY_FADED[each.why] ?? each.why}
              {each.reason && ` (${each.reason})`} on {inWords(each.since)}
              {each.until && `; silent until ${inWords(each.until)}, or`}
              {!each.until && ";"} until the record changes
            </li>
          ))}
        </ul>
      )}
    </Fold>
  );
}

/** What was there, or should have been, and played no part. */
function Lost({ trace }: { readonly trace: Trace }) {
  const entries: [string, { words: string; sources: string[] }[]][] = [
    ["Results not used", trace.not_used.map(({ what, why, sources }) => ({ words: `${what}: ${why}`, sources }))],
    ["Medicines named otherwise than coded", trace.named_otherwise.map((each) => ({ ...each, words: each.what }))],
    ["Entries that could not be read", trace.unread.map((each) => ({ ...each, words: each.why }))],
  ];
  const lists: [string, string[]][] = [
    ["Lists that did not come", trace.missing],
    ["Lists that were cut off", trace.cut_off],
  ];
  return (
    <>
      {entries.map(([title, lines]) => (
        <Fold key={title} title={title} count={lines.length}>
          {() => (
            <ul>
              {lines.map(({ words, sources }, place) => (
                <li key={place}>
                  {words}
                  <Sources names={sources} />
                </li>
              ))}
            </ul>
          )}
        </Fold>
      ))}
      {lists.map(([title, names]) => (
        <Fold key={title} title={title} count={names.length}>
          {() => <p>{names.join(", ")}</p>}
        </Fold>
      ))}
    </>
  );
}

function Fetched({ fetched }: { readonly fetched: Explanation["fetched"] }) {
  const asked = Object.entries(fetched);
  return (
    <Fold title="Asked of the FHIR server" count={asked.length}>
      {() => (
        <ul>
          {asked.map(([key, code]) => (
            <li key={key}>
              {key}: {code}
            </li>
          ))}
        </ul>
      )}
    </Fold>
  );
}
