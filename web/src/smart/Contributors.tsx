// What could be contributing, in words; what is on the card that was opened comes first.
import type { Linked } from "../contract.ts";

type Props = { readonly contributors: Linked[]; readonly rows: string[] };

const ROLES: Record<string, string> = {
  contributor: "could be contributing",
  safety: "to mind for safety",
  context: "as context",
};

export function Contributors({ contributors, rows }: Props) {
  const told = contributors.filter((each) => each.role !== "set-aside");
  const setAside = contributors.filter((each) => each.role === "set-aside");
  if (contributors.length === 0) {
    return null;
  }
  return (
    <section class="smart-contributors" aria-labelledby="smart-contributors">
      <h2 id="smart-contributors">What could be contributing, in words</h2>
      {told.length === 0 && <p>Nothing in this record speaks for a contributor.</p>}
      <List contributors={[...told.filter(isOf(rows)), ...told.filter((each) => !isOf(rows)(each))]} rows={rows} />
      {setAside.length > 0 && <h3>Seen, and set aside</h3>}
      <List contributors={setAside} rows={rows} />
    </section>
  );
}

function isOf(rows: string[]): (each: Linked) => boolean {
  return (each) => rows.includes(each.row);
}

function List({ contributors, rows }: Props) {
  if (contributors.length === 0) {
    return null;
  }
  return (
    <ul>
      {contributors.map((each) => (
        <li key={each.row} class={isOf(rows)(each) ? "smart-opened" : ""}>
          <strong>{each.label}</strong>
          {ROLES[each.role] && `, ${ROLES[each.role]}`}
          {isOf(rows)(each) && <em> (on the card that was opened)</em>}
          {each.says.length > 0 && `: ${each.says.join("; ")}`}
        </li>
      ))}
    </ul>
  );
}
