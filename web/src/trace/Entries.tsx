// Entries of the record: their names as buttons that show them, here and in the picture.
import { createContext } from "preact";
import { useContext, useId, useState } from "preact/hooks";

import type { Json } from "../contract.ts";
import { JsonView } from "../JsonView.tsx";

export type Entries = {
  readonly entries: Record<string, Json>;
  readonly point: (sources: string[]) => void; // to these entries in the picture, which is behind another tab
};

export const EntriesContext = createContext<Entries>({ entries: {}, point: () => undefined });

export function Entry({ name }: { readonly name: string }) {
  const { entries, point } = useContext(EntriesContext);
  const [isShown, show] = useState(false);
  const id = useId();
  const entry = entries[name];
  return (
    <>
      {" "}
      <button
        type="button"
        class="trace-entry"
        aria-expanded={isShown}
        aria-controls={id}
        onClick={() => {
          show(!isShown);
          point(isShown ? [] : [name]);
        }}
      >
        {name}
      </button>
      <span id={id}>
        {isShown &&
          (entry === undefined ? (
            <em> what was read of it is not told here</em>
          ) : (
            <JsonView label={name} value={entry} />
          ))}
      </span>
    </>
  );
}
