// Small parts that the trace is made of.
import type { ComponentChildren, VNode } from "preact";
import { useState } from "preact/hooks";

import { Entry } from "./Entries.tsx";

type FoldProps = {
  readonly title: string;
  readonly count?: number; // 0: there is nothing to unfold
  readonly isOpen?: boolean;
  readonly children: () => ComponentChildren;
};

/** A part that can be unfolded; what is in it is made when it first is, since a trace is long. */
export function Fold({ title, count, isOpen = false, children }: FoldProps) {
  const [wasOpened, open] = useState(isOpen);
  if (count === 0) {
    return <p class="trace-empty">{title}: none</p>;
  }
  return (
    <details class="trace-fold" open={isOpen} onToggle={(event) => event.currentTarget.open && open(true)}>
      <summary>
        {title}
        {count !== undefined && ` (${count})`}
      </summary>
      {(wasOpened || isOpen) && children()}
    </details>
  );
}

/** A list; where it is empty, the words for that. */
export function List({ empty, children }: { readonly empty: string; readonly children: VNode[] }) {
  return children.length > 0 ? <ul>{children}</ul> : <p>{empty}</p>;
}

/** The pages of rules. */
export function AboutRules({ rows }: { readonly rows: readonly string[] }) {
  return (
    <>
      {rows.map((row, place) => (
        <span key={row}>
          {place > 0 && " "}
          <a href={`knowledge/${encodeURIComponent(row)}`} target="_blank" rel="noopener">
            {row}
          </a>
        </span>
      ))}
    </>
  );
}

/** The entries that something was read from; each can be shown. */
export function Sources({ names }: { readonly names: readonly string[] }) {
  return (
    <>
      {names.map((name) => (
        <Entry key={name} name={name} />
      ))}
    </>
  );
}
