// A body as it was sent or received, for reading and copying.
import { useEffect, useState } from "preact/hooks";

import { write } from "../json.ts";
import { JsonView } from "../JsonView.tsx";

type Props = { readonly label: string; readonly value: unknown };

export function JsonPane({ label, value }: Props) {
  const [said, setSaid] = useState("");
  useEffect(() => setSaid(""), [value]);
  return (
    <>
      <div class="bench-row">
        <h2 class="bench-label">{label}</h2>
        <button type="button" title="All of it" onClick={() => void copied(write(value, 2)).then(setSaid)}>
          Copy
        </button>
        <span role="status">{said}</span>
      </div>
      <JsonView label={label} value={value} />
    </>
  );
}

async function copied(text: string): Promise<string> {
  try {
    await navigator.clipboard.writeText(text);
    return "Copied.";
  } catch {
    return "This browser does not let the page copy; select the text instead.";
  }
}
