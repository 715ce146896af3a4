import { useId, useMemo, useRef, useState } from "preact/hooks";

import type { Timeline } from "../contract.ts";
import { at, written } from "../days.ts";
import { AsTable } from "./AsTable.tsx";
import { Chips } from "./Chips.tsx";
import { EntryPanel } from "./EntryPanel.tsx";
import { chosen, cutTo, layout } from "./lanes.ts";
import { Legend } from "./Legend.tsx";
import { hasReport, HEADER, onsetName } from "./Lines.tsx";
import { lit, marksOf, rowsAt, rowsOfMarks } from "./links.ts";
import { NotDrawn } from "./NotDrawn.tsx";
import { Picture } from "./Picture.tsx";
import type { Window } from "./reach.ts";
import { Tools } from "./Tools.tsx";
import { sheetHeight, sheetWidth, usePaper } from "./usePaper.ts";
import { opening, whole } from "./windows.ts";

const NARROW = 560;
const NOTHING: readonly string[] = [];

type Props = {
  readonly timeline: Timeline;
  readonly rows: readonly string[];
  readonly sources: readonly string[];
  readonly isAll: boolean;
  readonly setAll: (isAll: boolean) => void;
};

/** The picture with what works it, what it rests on, and what is behind its marks. */
export function Board({ timeline, rows, sources, isAll, setAll }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const described = useId();
  const paper = usePaper(place);
  const { isPrint } = paper;
  const isNarrow = paper.width < NARROW;
  const today = at(timeline.today);

  const all = useMemo(() => whole(timeline), [timeline]);
  const [shown, show] = useState<Window>(() => opening(timeline));
  const [current, setCurrent] = useState<string | null>(null);
  const [pointed, setPointed] = useState<string | null>(null);
  const [pinned, setPinned] = useState<string | null>(null);
  const [hoveredRow, setHoveredRow] = useState<string | null>(null);
  const [pinnedRow, setPinnedRow] = useState<string | null>(null);

  const links = useMemo(() => rowsOfMarks(timeline), [timeline]);
  const ownRow = hoveredRow ?? pinnedRow;
  const lighted = useMemo(
    () => (ownRow === null ? lit(timeline, rows, sources) : lit(timeline, [ownRow], NOTHING)),
    [timeline, rows, sources, ownRow],
  );
  const wanted = useMemo(() => chosen(timeline, links, isAll, lighted), [timeline, links, isAll, lighted]);
  const beside = Math.ceil(timeline.contributors.length / 3);
  const lanes = useMemo(
    () => (isPrint ? cutTo(sheetHeight(beside), wanted, links, today, HEADER) : wanted),
    [isPrint, beside, wanted, links, today],
  );
  const laid = useMemo(() => layout(lanes, links, today, HEADER, isNarrow), [lanes, links, today, isNarrow]);
  const width = isPrint ? sheetWidth(laid.bottom, beside) : paper.width;
  const seen = marksOf(timeline).find((mark) => mark.id === (pinned ?? pointed)) ?? null;
  const lane = timeline.lanes.find((each) => seen !== null && each.marks.includes(seen));
  const folded = timeline.lanes.length - chosen(timeline, links, false, null).length;

  const pin = (mark: string) => {
    setPinned((before) => (before === mark ? null : mark));
    setPointed(mark);
  };

  return (
    <section class="timeline-view" aria-label="Timeline" data-print={isPrint}>
      <header class="timeline-head">
        <h2>Timeline of drugs, results and cramps</h2>
        <p>Today {written(today)}. {onsetName(timeline)}.</p>
      </header>
      <Chips
        contributors={timeline.contributors}
        hasReport={hasReport(timeline)}
        lit={ownRow !== null ? [ownRow] : seen ? rowsAt(links, seen.id) : rows}
        pinned={pinnedRow}
        hover={setHoveredRow}
        pin={(row) => setPinnedRow((before) => (before === row ? null : row))}
      />
      <Tools timeline={timeline} all={all} shown={shown} show={show} isAll={isAll} setAll={setAll} folded={folded} />
      <div class="timeline-stage">
        <div class="timeline-place" ref={place}>
          {timeline.lanes.length === 0 && <p class="timeline-none">Nothing that could be drawn is in this record.</p>}
          <Picture
            timeline={timeline}
            layout={laid}
            rows={links}
            width={width}
            isNarrow={isNarrow}
            today={today}
            all={all}
            shown={shown}
            described={described}
            state={{
              isDim: (mark) => lighted !== null && !lighted.has(mark),
              isLit: (mark) => lighted?.has(mark) ?? false,
              current,
              pinned,
            }}
            show={show}
            point={setPointed}
            focused={(mark) => {
              setCurrent(mark);
              setPointed(mark);
            }}
            pin={pin}
            unpin={() => setPinned(null)}
          />
        </div>
        <EntryPanel
          key={seen?.id}
          mark={seen}
          lane={lane}
          rows={links}
          isPinned={pinned !== null}
          unpin={() => setPinned(null)}
        />
      </div>
      <Legend timeline={timeline} />
      <p class="timeline-keys" id={described}>
        Keys: + and − zoom, ← and → move, 0 shows all; Tab goes to the marks, arrow keys from mark to mark, Enter keeps
        an entry in the panel. The same is below as a table.
      </p>
      {lanes.length < wanted.length && (
        <p>{wanted.length - lanes.length} lanes that no contributor rests on are not printed.</p>
      )}
      <NotDrawn items={timeline.not_drawn} />
      <AsTable timeline={timeline} rows={links} />
    </section>
  );
}
