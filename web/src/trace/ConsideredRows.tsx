// Every rule that was considered, those that speak first, and how each of its criteria was answered.
import { useId, useState } from "preact/hooks";

import type { Considered, Criterion } from "../contract.ts";
import { AboutRules, Fold, Sources } from "./parts.tsx";

export function ConsideredRows({ considered }: { readonly considered: readonly Considered[] }) {
  const [wanted, want] = useState("");
  const field = useId();
  const shown = considered.filter((each) => matches(each, wanted));
  const bySpeech = shown.toSorted((one, other) => urgency(one) - urgency(other));
  return (
    <>
      <h2>Rules considered</h2>
      <p class="trace-filter">
        <label for={field}>Filter by rule or name</label>{" "}
        <input id={field} type="search" value={wanted} onInput={(event) => want(event.currentTarget.value)} />{" "}
        <span role="status">
          {shown.length} of {considered.length}
        </span>
      </p>
      {bySpeech.map((each) => (
        <Row key={each.row} considered={each} />
      ))}
    </>
  );
}

const LEVELS = ["critical", "warning", "info", "in_chain"]; // the last speaks only within a chain

/** The place among the rules: the most urgent first, those that do not speak last. */
function urgency({ level }: Considered): number {
  return level === null ? LEVELS.length : LEVELS.indexOf(level);
}

function matches({ row, id, label }: Considered, wanted: string): boolean {
  const words = wanted.toLowerCase().split(/\s+/);
  const text = `${row} ${id} ${label}`.toLowerCase();
  return words.every((word) => text.includes(word));
}

function Row({ considered }: { readonly considered: Considered }) {
  const { row, label, facts, set_aside, criteria, unknown } = considered;
  return (
    <Fold title={`${row} ${label}: ${standing(considered)}`}>
      {() => (
        <div class="trace-row">
          <p>
            Rule sheet <AboutRules rows={[row]} />
          </p>
          <Facts title="Facts" lines={facts} />
          <Facts
            title="Set aside"
            lines={set_aside.map(({ says, why, sources }) => ({ says: `${says}: ${why}`, sources }))}
          />
          {unknown.length > 0 && <p>Not known: {unknown.join("; ")}</p>}
          {criteria.length > 0 && (
            <>
              <h3>Criteria</h3>
              <ul class="trace-criteria">
                {criteria.map((each, place) => (
                  <Tree key={place} criterion={each} prefix={`${each.level}: `} />
                ))}
              </ul>
            </>
          )}
        </div>
      )}
    </Fold>
  );
}

/** "warning, contributor": how urgently it speaks, and as what; or that it does not. */
function standing({ level, role, set_aside }: Considered): string {
  if (level === null) {
    return set_aside.length > 0 ? "set aside" : "does not speak";
  }
  return `${level === "in_chain" ? "only in a chain" : level}, ${role}`;
}

type Line = { says: string; sources: string[] };

function Facts({ title, lines }: { readonly title: string; readonly lines: readonly Line[] }) {
  return lines.length === 0 ? null : (
    <>
      <h3>{title}</h3>
      <ul>
        {lines.map(({ says, sources }, place) => (
          <li key={place}>
            {says}
            <Sources names={sources} />
          </li>
        ))}
      </ul>
    </>
  );
}

const MARKS: Record<Criterion["truth"], string> = { holds: "✓", fails: "✗", unknown: "?" };

function Tree({ criterion, prefix = "" }: { readonly criterion: Criterion; readonly prefix?: string }) {
  const { truth, words, evidence, unknown, parts } = criterion;
  const said = (
    <>
      <span class={`trace-truth trace-${truth}`}>
        <span aria-hidden="true">{MARKS[truth]}</span> {truth}
      </span>{" "}
      {prefix}
      {words}
      {unknown.length > 0 && ` (not known: ${unknown.join("; ")})`}
    </>
  );
  return (
    <li>
      {parts.length === 0 ? (
        <>
          {said}
          <Sources names={evidence} />
        </>
      ) : (
        <details open>
          <summary>{said}</summary>
          <Sources names={evidence} />
          <ul class="trace-criteria">
            {parts.map((part, place) => (
              <Tree key={place} criterion={part} />
            ))}
          </ul>
        </details>
      )}
    </li>
  );
}
