// Whom to look at: a built-in patient, or somebody in a file.
import { useRef } from "preact/hooks";

import type { Bench, Offer } from "./useBench.ts";
import type { OpenFile } from "./useFile.ts";

type Props = { readonly bench: Bench; readonly offer: Offer; readonly file: OpenFile };

export function Chooser({ bench, offer, file }: Props) {
  const input = useRef<HTMLInputElement>(null);
  const current = file.file ? null : (bench.chosen?.story ?? null);
  const place = offer.stories.findIndex(({ name }) => name === current);

  function choose(name: string | undefined): void {
    if (name) {
      file.forget();
      void bench.actions.chooseStory(offer.service, name);
    }
  }

  /** The one that is *count* further on in the list, which has no end; from an opened file the first or the last. */
  function step(count: 1 | -1): void {
    const all = offer.stories.length;
    const from = place < 0 && count < 0 ? 0 : place;
    choose(offer.stories[(from + count + all) % all]?.name);
  }

  return (
    <div class="bench-chooser">
      <button type="button" onClick={() => step(-1)}>
        Previous
      </button>
      <label class="bench-story">
        <span>Built-in patient</span>
        <select value={current ?? ""} onChange={(event) => choose(event.currentTarget.value)}>
          {current === null && <option value="">(an opened record)</option>}
          {offer.stories.map(({ name, title }) => (
            <option key={name} value={name}>
              {title}
            </option>
          ))}
        </select>
      </label>
      <button type="button" onClick={() => step(1)}>
        Next
      </button>
      <button
        type="button"
        title="FHIR R4 as JSON, plain or gzip; or drop it here"
        onClick={() => input.current?.click()}
      >
        Open a record…
      </button>
      <input
        ref={input}
        type="file"
        hidden
        accept=".json,.ndjson,.gz,application/json,application/fhir+json,application/gzip"
        aria-label="File of a record"
        onChange={(event) => {
          const [chosen] = event.currentTarget.files ?? [];
          if (chosen) {
            void file.open(chosen);
          }
          event.currentTarget.value = ""; // the same file may be opened again
        }}
      />
      {file.file && file.file.people.length > 1 && (
        <label class="bench-story">
          <span>Patient in the file</span>
          <select value={file.file.place} onChange={(event) => file.pick(Number(event.currentTarget.value))}>
            {file.file.people.map(({ name }, index) => (
              <option key={index} value={index}>
                {index + 1}: {name}
              </option>
            ))}
          </select>
        </label>
      )}
    </div>
  );
}
