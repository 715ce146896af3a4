// The workbench: choose a patient, see the cards as in an EHR, and beside them why they are as they are.
import "./bench.css";

import { useEffect, useMemo, useState } from "preact/hooks";

import { Sidebar } from "../cards/Sidebar.tsx";
import type { Card } from "../contract.ts";
import { placeIn, show } from "./address.ts";
import { Banner } from "./Banner.tsx";
import { Chooser } from "./Chooser.tsx";
import { sendFeedback } from "../client.ts";
import { DropTarget } from "./DropTarget.tsx";
import { Onset } from "./Onset.tsx";
import { Panels, type Tab, TABS } from "./Panels.tsx";
import { patientOf } from "./request.ts";
import { Status } from "./Status.tsx";
import { useBench } from "./useBench.ts";
import { useFile } from "./useFile.ts";

const NOBODY: readonly string[] = [];

export function Workbench() {
  const bench = useBench();
  const { offer, chosen, outcome, actions } = bench;
  const [tab, setTab] = useTab(chosen?.story ?? null);
  const [rows, setRows] = useState(NOBODY);
  // the same rows again must not draw the page anew: that would undo a click in the card before it has counted
  const pick = (card: Card) => setRows((now) => (now.join() === rowsOf(card).join() ? now : rowsOf(card)));
  const [sources, setSources] = useState(NOBODY);
  const file = useFile((record) => offer && void actions.chooseRecord(offer.service, record), offer?.service ?? null);

  useEffect(() => void actions.begin(placeIn(location.hash).story), []);
  useEffect(() => {
    setRows(NOBODY);
    setSources(NOBODY);
  }, [outcome]);
  useLinks(offer?.service.id, chosen?.story ?? null, (name) => {
    if (offer?.stories.some((each) => each.name === name)) {
      file.forget();
      void actions.chooseStory(offer.service, name);
    }
  });

  const explained = outcome?.explanation ?? null;
  const silence = useMemo(
    () => (explained?.silence ? { code: explained.silence, why: explained.why } : null),
    [explained],
  );
  const trouble = bench.trouble ?? outcome?.trouble ?? null;

  return (
    <DropTarget onFile={file.open}>
      <header class="bench-header">
        <h1>legcramps workbench</h1>
        <p class="bench-demo">
          <strong>Demo</strong>: synthetic data; not for clinical use
        </p>
        <p class="bench-lead">
          Choose a patient, read the card as an EHR would show it, move the onset and see the answer change.
        </p>
        {offer && <Chooser bench={bench} offer={offer} file={file} />}
      </header>
      {chosen && <Banner patient={patientOf(chosen.request)} chosen={chosen} />}
      <Status bench={bench} trouble={trouble} fileTrouble={file.trouble} onRetry={() => void retry()} />
      <main class="bench-main">
        <div class="bench-cards">
          {outcome?.answered && offer ? (
            <Sidebar
              cards={outcome.answered.cards}
              silence={silence}
              send={(feedback) => sendFeedback(offer.service, feedback)}
              onPick={pick}
            />
          ) : (
            <p class="bench-muted">{bench.isBusy ? "Asking the service…" : "No answer to show."}</p>
          )}
        </div>
        <div class="bench-beside">
          {offer && chosen && outcome && <Onset bench={bench} service={offer.service} chosen={chosen} />}
          {offer && outcome && (
            <Panels
              tab={tab}
              onTab={setTab}
              service={offer.service}
              outcome={outcome}
              patient={patientOf(outcome.request)}
              rows={rows}
              sources={sources}
              onSources={setSources}
            />
          )}
        </div>
      </main>
    </DropTarget>
  );

  function retry(): Promise<void> {
    return offer && outcome
      ? actions.callAgain(offer.service, outcome.request)
      : actions.begin(placeIn(location.hash).story);
  }
}

/** The tab that is open; address and page say the same. */
function useTab(story: string | null): [Tab, (tab: Tab) => void] {
  const [tab, setTab] = useState<Tab>(() => tabIn(location.hash));
  useEffect(() => {
    const follow = () => setTab(tabIn(location.hash));
    addEventListener("hashchange", follow);
    return () => removeEventListener("hashchange", follow);
  }, []);
  return [
    tab,
    (next) => {
      setTab(next);
      show({ story, tab: next });
    },
  ];
}

/** Keep the story in the address, and follow a link to another one. */
function useLinks(service: string | undefined, story: string | null, follow: (name: string) => void): void {
  useEffect(() => {
    if (service !== undefined) {
      show({ story, tab: placeIn(location.hash).tab });
    }
  }, [story]);
  useEffect(() => {
    const changed = () => {
      const name = placeIn(location.hash).story;
      if (name !== null && name !== story) {
        follow(name);
      }
    };
    addEventListener("hashchange", changed);
    return () => removeEventListener("hashchange", changed);
  }, [service, story]);
}

function tabIn(hash: string): Tab {
  const named = placeIn(hash).tab;
  return TABS.find((tab) => tab === named) ?? "timeline";
}

function rowsOf(card: Card): string[] {
  return (card.extension?.["org.legcramps.findings"] ?? []).map(({ row }) => row);
}
