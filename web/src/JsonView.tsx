// JSON for people to read: an entry, a draft, a body that was sent; numbers as they were written.
import { useMemo } from "preact/hooks";

import { write } from "./json.ts";
import { inBytes } from "./sizes.ts";

type Props = { readonly label: string; readonly value: unknown };

const MOST_SHOWN = 100_000; // characters; a page slows down with more text than anybody reads

export function JsonView({ label, value }: Props) {
  const whole = useMemo(() => write(value, 2), [value]);
  const isLong = whole.length > MOST_SHOWN;
  const shown = isLong ? whole.slice(0, whole.lastIndexOf("\n", MOST_SHOWN)) : whole;
  return (
    <>
      {isLong && (
        <small>
          Shown are the first {inBytes(shown.length)} of {inBytes(whole.length)}.
        </small>
      )}
      <pre tabIndex={0} role="region" aria-label={label}>
        {shown}
      </pre>
    </>
  );
}
