import type { Linked } from "../contract.ts";

type Props = {
  readonly contributors: readonly Linked[];
  readonly hasReport: boolean;
  readonly lit: readonly string[];
  readonly pinned: string | null;
  readonly hover: (row: string | null) => void;
  readonly pin: (row: string) => void;
};

const FOUND_NONE = "No possible contributor was found in what was read.";
const NOT_LOOKED = "No leg cramps are reported here that count, so contributors were not looked for.";

/** The contributors by which the picture is read: pointing at one lights its marks. */
export function Chips({ contributors, hasReport, lit, pinned, hover, pin }: Props) {
  if (contributors.length === 0) {
    const why = hasReport ? FOUND_NONE : NOT_LOOKED;
    return <p class="timeline-none">{why}</p>;
  }
  return (
    <ul class="timeline-contributors" aria-label="Possible contributors" onPointerLeave={() => hover(null)}>
      {contributors.map(({ row, id, label, role, standing, says, marks }) => (
        <li key={`${row} ${id}`}>
          <button
            type="button"
            class={`timeline-chip timeline-role-${role} ${lit.includes(row) ? "timeline-chip-lit" : ""}`}
            aria-pressed={pinned === row}
            data-row={row}
            onPointerEnter={() => hover(row)}
            onPointerLeave={() => hover(null)}
            onFocus={() => hover(row)}
            onBlur={() => hover(null)}
            onClick={() => pin(row)}
          >
            <span>
              <b class="timeline-row">{row}</b> <span class="timeline-what">{label}</span>{" "}
              <span class="timeline-role">
                {standing}
                {marks.length === 0 && ", nothing to draw"}
              </span>
            </span>
            {says.length > 0 && <small>{says.join("; ")}</small>}
          </button>
        </li>
      ))}
    </ul>
  );
}
