import { useState } from "preact/hooks";

import type { Timeline } from "../contract.ts";
import { type Rows, rowsInWords } from "./links.ts";
import { began, ended } from "./words.ts";

const HEADS = ["What", "From", "Until", "In the record", "Contributors", "Entries"];

/** The picture in words, for screen readers and whoever prefers to read. */
export function AsTable({ timeline, rows }: { readonly timeline: Timeline; readonly rows: Rows }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <details class="timeline-as-table" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>As a table</summary>
      {isOpen && (
        <div class="timeline-scroll" role="region" aria-label="Timeline as a table" tabIndex={0}>
          <table>
            <thead>
              <tr>
                {HEADS.map((head) => (
                  <th key={head} scope="col">{head}</th>
                ))}
              </tr>
            </thead>
            {timeline.lanes.map((lane) => (
              <tbody key={lane.id} data-lane={lane.id}>
                {lane.marks.map((mark) => (
                  <tr key={mark.id}>
                    <th scope="row">{lane.label}</th>
                    <td>{began(mark, lane.kind)}</td>
                    <td>{ended(mark, lane.kind)}</td>
                    <td>{mark.says}</td>
                    <td>{rowsInWords(rows, mark.id)}</td>
                    <td>{mark.sources.join(", ")}</td>
                  </tr>
                ))}
              </tbody>
            ))}
          </table>
        </div>
      )}
    </details>
  );
}
