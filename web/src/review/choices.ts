// By what the patients of the review can be chosen: the rules and chains that stand on their cards.
import type { Card } from "../contract.ts";
import type { Answer } from "./answers.ts";

export const ALL = "";
const NONE = "none";

type Choice = { readonly value: string; readonly label: string };

/** What there is to choose, with how many patients each has. */
export function choices(answers: readonly Answer[]): Choice[] {
  const labels = new Map<string, string>();
  for (const card of answers.flatMap((answer) => answer.cards)) {
    for (const [rule, label] of rules(card)) {
      labels.set(rule, label);
    }
  }
  const byRule = [...labels].sort(([one], [other]) => one.localeCompare(other, "en", { numeric: true }));
  const offered = [[ALL, "any answer"], [NONE, "no cards"], ...byRule] as const;
  return offered.map(([value, label]) => ({ value, label: `${label} (${count(answers, value)})` }));
}

/** Whether an answer is among those chosen. */
export function fits(answer: Answer, chosen: string): boolean {
  if (chosen === ALL) {
    return true;
  }
  return chosen === NONE ? answer.cards.length === 0 : answer.cards.some((card) => rules(card).has(chosen));
}

/** The chain and the rows that a card is about, each with a label. */
function rules(card: Card): Map<string, string> {
  const told = card.extension ?? {};
  const rows = (told["org.legcramps.findings"] ?? []).map(({ row, id }) => [row, `${row} ${id}`] as const);
  const chain = told["org.legcramps.chain"];
  const label = `${chain} ${card.source.topic?.display ?? ""}`.trim();
  return new Map([...rows, ...(chain ? [[chain, label] as const] : [])]);
}

function count(answers: readonly Answer[], value: string): number {
  return answers.filter((answer) => fits(answer, value)).length;
}
