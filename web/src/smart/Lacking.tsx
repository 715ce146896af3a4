// What could not be read, so that nobody takes its absence from the picture for its absence from the record.
import type { Explanation, Trace } from "../contract.ts";

type Props = { readonly explanation: Explanation; readonly isReaderKnown: boolean; readonly hasName: boolean };

export function Lacking({ explanation, isReaderKnown, hasName }: Props) {
  const told = [
    ...lists(explanation),
    ...unread(explanation.trace),
    ...(hasName ? [] : ["The patient's name and date of birth: compare the chart before you use this page."]),
    ...(isReaderKnown ? [] : ["Who is reading: the record system did not say. This page is for clinicians."]),
  ];
  if (told.length === 0) {
    return null;
  }
  return (
    <section class="smart-lacking" aria-labelledby="smart-lacking">
      <h2 id="smart-lacking" class="smart-told">What could not be read</h2>
      <ul class="smart-told">
        {told.map((words) => (
          <li key={words} class="smart-told">{words}</li>
        ))}
      </ul>
    </section>
  );
}

function lists({ timeline }: Explanation): string[] {
  return (timeline?.not_drawn ?? []).filter((each) => each.is_list).map(({ says }) => `${says}.`);
}

function unread(trace: Trace | null): string[] {
  const count = trace?.unread.length ?? 0;
  return count ? [count === 1 ? "1 entry could not be understood." : `${count} entries could not be understood.`] : [];
}
