// When the cramps began: moved to see how the answer changes, or put in where nobody has reported any.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";

import type { Service } from "../contract.ts";
import { between, inWords, plus } from "../days.ts";
import { differences } from "./difference.ts";
import { movable, type Movable } from "./onset.ts";
import { type Base, type Bench, type Chosen, type Outcome, PLANTED_HERE } from "./useBench.ts";

type Props = { readonly bench: Bench; readonly service: Service; readonly chosen: Chosen };

const TWO_YEARS = 730;
const A_SEASON = 90;
const FOUR_WEEKS = 28;
const EARLIEST = "1900-01-01"; // a year that is half typed is not meant yet

export function Onset({ bench, service, chosen }: Props) {
  const { base } = bench;
  const explanation = base?.outcome.explanation;
  const reports = explanation?.trace?.reports;
  const found = useMemo(() => (reports ? movable(chosen.request, reports) : null), [chosen, reports]);
  if (!base || !explanation || !reports || !found) {
    return null;
  }
  return (
    <section class="bench-onset" aria-label="When cramps began">
      {reports.length === 0 && (
        <Plant
          key={chosen.request.context.patientId}
          today={explanation.today}
          plant={(date) => void bench.actions.plant(service, chosen, date, explanation.today)}
        />
      )}
      {found.sources.length > 0 && (
        <Move bench={bench} service={service} chosen={chosen} found={found} today={explanation.today} />
      )}
      {base.isPlanted && <p class="bench-muted">{PLANTED_HERE}</p>}
      {found.fixed > 0 && (
        <p class="bench-muted">
          {found.sources.length > 0
            ? "Another report stands in an entry whose date can't be moved here."
            : "The report stands in an entry whose date can't be moved here."}
        </p>
      )}
      <Difference base={base} outcome={bench.outcome} isMoved={bench.onset !== null} />
    </section>
  );
}

type PlantProps = { readonly today: string; readonly plant: (date: string) => void };

function Plant({ today, plant }: PlantProps) {
  const [date, setDate] = useState(plus(today, -FOUR_WEEKS));
  return (
    <form
      class="bench-row"
      onSubmit={(event) => {
        event.preventDefault();
        plant(date);
      }}
    >
      <label>
        Cramps since{" "}
        <input
          type="date"
          required
          min={EARLIEST}
          max={today}
          value={date}
          onInput={({ currentTarget }) => setDate(currentTarget.value)}
        />
      </label>
      <span class="bench-muted">{inWords(date)}</span>
      <button>Add a report of leg cramps at night</button>
    </form>
  );
}

type MoveProps = Props & { readonly found: Movable; readonly today: string };

function Move({ bench, service, chosen, found, today }: MoveProps) {
  const { onset, actions } = bench;
  const recorded = found.date;
  const date = onset ?? recorded ?? today;
  const first = [plus(today, -TWO_YEARS), plus(recorded ?? today, -A_SEASON), date].sort()[0] ?? today;
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (bench.base?.isPlanted) {
      input.current?.focus(); // the button that put the report in is gone
    }
  }, [bench.base?.isPlanted]);
  const move = (to: string) => actions.move(service, chosen.request, found.sources, to);
  return (
    <div class="bench-row">
      <label>
        Cramps since{" "}
        <input
          ref={input}
          type="date"
          min={EARLIEST}
          max={today}
          value={date}
          onInput={({ currentTarget: { value, validity } }) => value && validity.valid && move(value)}
        />
      </label>
      <span class="bench-muted">{inWords(date)}</span>
      <label class="bench-slider">
        <span>Move the onset</span>
        <input
          type="range"
          min={0}
          max={between(first, today)}
          value={between(first, date)}
          aria-valuetext={inWords(date)}
          onInput={({ currentTarget }) => move(plus(first, Number(currentTarget.value)))}
        />
      </label>
      <button
        type="button"
        aria-disabled={onset === null}
        onClick={() => onset && void actions.moveBack(service, chosen.request)}
      >
        {recorded ? `Back to ${inWords(recorded)}` : "Back to no date"}
      </button>
    </div>
  );
}

function sameAs({ says, isPlanted }: Base): string {
  return isPlanted ? `The same cards ${says}.` : "The same cards as in the record.";
}

type DifferenceProps = { readonly base: Base; readonly outcome: Outcome | null; readonly isMoved: boolean };

function Difference({ base, outcome, isMoved }: DifferenceProps) {
  const before = base.outcome.answered;
  const after = outcome?.answered;
  const isSame = outcome === base.outcome || !isMoved;
  const told = before && after && !isSame ? differences(before.cards, after.cards) : [];
  return (
    <div class="bench-difference" role="status">
      {isSame && <p class="bench-muted">Shown: {base.says}.</p>}
      {!isSame && before && after && (
        <>
          <p>{told.length === 0 ? sameAs(base) : `Compared with the answer ${base.says}:`}</p>
          {told.length > 0 && (
            <ul>
              {told.map((each) => (
                <li key={each}>{each}</li>
              ))}
            </ul>
          )}
        </>
      )}
    </div>
  );
}
