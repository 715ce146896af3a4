import type { Timeline } from "../contract.ts";

type Props = { readonly items: Timeline["not_drawn"] };

/** What has no place in the picture: lists that lack something in the open, single entries counted and folded. */
export function NotDrawn({ items }: Props) {
  const lists = items.filter((each) => each.is_list);
  return (
    <>
      {lists.length > 0 && (
        <div class="timeline-lacking">
          <p>Not all of the record is in the picture:</p>
          <ul>
            {lists.map(({ says }) => (
              <li key={says}>{says}</li>
            ))}
          </ul>
        </div>
      )}
      <LeftOut items={items.filter((each) => !each.is_list)} />
    </>
  );
}

function LeftOut({ items }: Props) {
  if (items.length === 0) return null;
  const count = items.reduce((sum, { sources }) => sum + Math.max(1, sources.length), 0);
  return (
    <details class="timeline-not-drawn">
      <summary>{count === 1 ? "1 entry is not in the picture" : `${count} entries are not in the picture`}</summary>
      <ul>
        {items.map(({ says, sources }, index) => (
          <li key={index}>
            {says}
            {sources.length > 0 && <small> {sources.join(", ")}</small>}
          </li>
        ))}
      </ul>
    </details>
  );
}
