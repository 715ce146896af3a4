// Dismissing a card, and why.
import { useEffect, useId, useRef, useState } from "preact/hooks";

import type { Coding } from "../contract.ts";

const LONGEST = 2000; // characters: what the service keeps of a comment

type Props = {
  readonly reasons: readonly Coding[];
  readonly dismiss: (reason: Coding | null, comment: string) => void;
};

/** A button, and below it the form that it unfolds. */
export function Dismissal({ reasons, dismiss }: Props) {
  const [isOpen, open] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const cancel = () => {
    open(false);
    button.current?.focus();
  };
  return (
    <div class="card-dismissal">
      <button type="button" ref={button} aria-expanded={isOpen} onClick={() => open(!isOpen)}>
        Dismiss…
      </button>
      {isOpen && <Form reasons={reasons} dismiss={dismiss} cancel={cancel} />}
    </div>
  );
}

function Form({ reasons, dismiss, cancel }: Props & { readonly cancel: () => void }) {
  const [reason, choose] = useState<Coding | null>(null);
  const [comment, write] = useState("");
  const id = useId();
  const first = useRef<HTMLInputElement>(null);
  useEffect(() => first.current?.focus(), []);
  return (
    <form
      aria-label="Dismiss this card"
      onSubmit={(event) => {
        event.preventDefault();
        dismiss(reason, comment);
      }}
      onKeyDown={(event) => event.key === "Escape" && cancel()}
    >
      <fieldset>
        <legend>Reason</legend>
        {[null, ...reasons].map((each) => (
          <label key={each?.code ?? ""}>
            <input
              type="radio"
              name={id}
              ref={each === null ? first : null}
              defaultChecked={each === null}
              onChange={() => choose(each)}
            />
            {each === null ? "No reason" : (each.display ?? each.code)}
          </label>
        ))}
      </fieldset>
      <label for={`${id}-comment`}>Comment (optional)</label>
      <textarea
        id={`${id}-comment`}
        rows={2}
        maxLength={LONGEST}
        value={comment}
        aria-describedby={`${id}-hint`}
        onInput={(event) => write(event.currentTarget.value)}
      />
      <small id={`${id}-hint`}>
        Write nothing about the patient here. The service keeps comments only where the site has switched that on.
      </small>
      <div class="card-buttons">
        <button type="submit">Dismiss</button>
        <button type="button" onClick={cancel}>
          Cancel
        </button>
      </div>
    </form>
  );
}
