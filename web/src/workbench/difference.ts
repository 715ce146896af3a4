// How one answer differs from another, in words.
import type { Card } from "../contract.ts";

const SAID: Record<Card["indicator"], string> = { critical: "critical", warning: "warning", info: "information" };

/** What became of the cards from *before* to *after*, a sentence each; none where nothing changed. */
export function differences(before: readonly Card[], after: readonly Card[]): string[] {
  const [old, now] = [byMatter(before), byMatter(after)];
  const gained = [...now].filter(([matter]) => !old.has(matter));
  const lost = [...old].filter(([matter]) => !now.has(matter));
  const kept = [...now].filter(([matter]) => old.has(matter));
  return [
    ...gained.map(([, card]) => `New: ${card.summary} (${SAID[card.indicator]})`),
    ...lost.map(([, card]) => `No longer shown: ${card.summary}`),
    ...kept.flatMap(([matter, card]) => altered(old.get(matter), card)),
  ];
}

function altered(before: Card | undefined, after: Card): string[] {
  if (before === undefined) {
    return [];
  }
  if (before.indicator !== after.indicator) {
    return [`From ${SAID[before.indicator]} to ${SAID[after.indicator]}: ${after.summary}`];
  }
  return before.summary === after.summary && before.detail === after.detail ? [] : [`Reads now: ${after.summary}`];
}

/** Cards by what they are about, whatever they say of it. */
function byMatter(cards: readonly Card[]): Map<string, Card> {
  return new Map(cards.map((card) => [matterOf(card), card]));
}

function matterOf({ extension = {}, summary }: Card): string {
  const kind = extension["org.legcramps.card"] ?? summary;
  if (kind !== "main") {
    return kind;
  }
  const rows = (extension["org.legcramps.findings"] ?? [])
    .filter(({ role }) => role === "contributor" || role === "safety")
    .map(({ row }) => row);
  return extension["org.legcramps.chain"] ?? (rows.sort().join() || summary);
}
