import { useContext, useState } from "preact/hooks";

import type { Lane, Mark } from "../contract.ts";
import { JsonView } from "../JsonView.tsx";
import { type Rows, rowsInWords } from "./links.ts";
import { EntriesContext, writer } from "./reported.ts";
import { began, ended, limits } from "./words.ts";

type Props = {
  readonly mark: Mark | null;
  readonly lane: Lane | undefined;
  readonly rows: Rows;
  readonly isPinned: boolean;
  readonly unpin: () => void;
};

/** What the record says of the mark that is pointed at, with the entries it was read from. */
export function EntryPanel({ mark, lane, rows, isPinned, unpin }: Props) {
  const entries = useContext(EntriesContext);
  const [index, setIndex] = useState(0);
  if (!mark || !lane) {
    return (
      <aside class="timeline-panel" aria-label="Entry">
        <p class="timeline-hint">Point at a mark to see its entry here; Enter or a click keeps it.</p>
      </aside>
    );
  }
  const source = mark.sources[index];
  const entry = source === undefined ? undefined : entries[source];
  return (
    <aside class="timeline-panel timeline-panel-full" aria-label="Entry">
      <p class="timeline-says">{mark.says}</p>
      <Facts mark={mark} lane={lane} linked={rowsInWords(rows, mark.id)} />
      {source !== undefined && (
        <>
          <p class="timeline-source">
            Entry {index + 1} of {mark.sources.length}: <b>{source}</b>
            {mark.sources.length > 1 && (
              <button type="button" onClick={() => setIndex((index + 1) % mark.sources.length)}>Next</button>
            )}
            {isPinned && <button type="button" onClick={unpin}>Unpin</button>}
          </p>
          {entry === undefined ? (
            <p class="timeline-hint">This entry was not handed on.</p>
          ) : (
            <JsonView label={`Entry ${source}`} value={entry} />
          )}
        </>
      )}
    </aside>
  );
}

type FactsProps = { readonly mark: Mark; readonly lane: Lane; readonly linked: string };

function Facts({ mark, lane, linked }: FactsProps) {
  const figures = writer(lane, useContext(EntriesContext));
  const value = `${figures.of(mark, "value")} ${lane.unit}${limits(mark, lane.unit, figures)}`;
  const told: [string, string][] = [
    ["Lane", lane.label],
    ["From", began(mark, lane.kind)],
    ["Until", ended(mark, lane.kind)],
    ["Value", mark.value === null ? "" : value],
    ["Contributors", linked],
  ];
  return (
    <dl>
      {told.filter(([, says]) => says).map(([name, says]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{says}</dd>
        </div>
      ))}
    </dl>
  );
}
