// Who it is, as the top of a chart says it.
import { inWords } from "../days.ts";
import type { Resource } from "../fhir.ts";
import { text } from "../json.ts";
import { nameOf } from "../names.ts";
import type { Chosen } from "./useBench.ts";

type Props = { readonly patient: Resource | null; readonly chosen: Chosen };

/** Name and date of birth in one line, for paper. */
export function whoIs(patient: Resource): string {
  return `${nameOf(patient) || "No name"}, born ${inWords(text(patient.birthDate) ?? "not recorded")}.`;
}

export function Banner({ patient, chosen }: Props) {
  return (
    <section class="bench-banner" aria-label="Patient">
      <h2 class="bench-name">{patient ? nameOf(patient) || "No name" : "No patient in the request"}</h2>
      <dl class="bench-facts">
        <div>
          <dt>Born</dt>
          <dd>{inWords(text(patient?.birthDate) ?? "not recorded")}</dd>
        </div>
        <div>
          <dt>Sex</dt>
          <dd>{text(patient?.gender) ?? "not recorded"}</dd>
        </div>
        <div>
          <dt>From</dt>
          <dd>{chosen.file ? `${chosen.file} (stays in this page and its calls)` : "built-in, synthetic"}</dd>
        </div>
      </dl>
      {chosen.notes.length > 0 && (
        <ul class="bench-notes">
          {chosen.notes.map((note) => (
            <li key={note}>{note}</li>
          ))}
        </ul>
      )}
    </section>
  );
}
