// A page that has only words to show: what it waits for, or what went wrong and what to do.
import { render, type ComponentChild } from "preact";
import { KEEPS_NOTHING, Trouble } from "./troubles.ts";

/** Put *view* on the page. */
export function show(view: ComponentChild): void {
  const root = document.getElementById("page");
  if (root) {
    render(view, root);
  }
}

/** Say what is being waited for. */
export function say(words: string): void {
  show(
    <main class="smart-notice">
      <p role="status">{words}</p>
    </main>,
  );
}

/** What a person can do on the page: *again* what may work in a moment, *elsewhere* is the page's address for a window. */
type Ways = { again?: () => void; elsewhere?: string };

/** Say what went wrong, and offer the way out that fits. */
export function sayTrouble(problem: unknown, { again, elsewhere }: Ways = {}): void {
  // a fault of this page: told by its kind, since its words may quote what it worked on
  const name = problem instanceof Error ? problem.name : "";
  const trouble = problem instanceof Trouble ? problem : new Trouble(FAULT, TODO, name);
  const here = trouble.mayPass ? again : undefined;
  show(<Notice trouble={trouble} again={here} elsewhere={trouble === KEEPS_NOTHING ? elsewhere : undefined} />);
}

const FAULT = "Something went wrong in this page.";
const TODO = "Open it again from the patient's chart. If it stays so, please tell whoever runs this service.";

type NoticeProps = {
  readonly trouble: Trouble;
  readonly again: (() => void) | undefined;
  readonly elsewhere: string | undefined;
};

function Notice({ trouble, again, elsewhere }: NoticeProps) {
  return (
    <main class="smart-notice">
      <div role="alert">
        <h1>{trouble.what}</h1>
        <p>{trouble.todo}</p>
      </div>
      {trouble.detail && <p class="smart-detail">For whoever runs the service: {trouble.detail}</p>}
      {elsewhere && (
        <p>
          <a href={elsewhere} target="_blank" rel="noopener">
            Open the timeline in a window of its own
          </a>
        </p>
      )}
      {again && (
        <button type="button" onClick={again}>
          Try again
        </button>
      )}
    </main>
  );
}
