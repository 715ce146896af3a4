import { useRef, useState } from "preact/hooks";

import type { Json, Timeline } from "../contract.ts";
import { Board } from "./Board.tsx";
import { EntriesContext } from "./reported.ts";
import "./timeline.css";
import "./picture.css";
import "./print.css";

type Props = {
  readonly timeline: Timeline;
  readonly entries: Readonly<Record<string, Json>>;
  readonly rows: readonly string[]; // contributors to highlight
  readonly sources: readonly string[]; // entries to highlight
};

/** When drugs, results and cramps came: one picture, what lies behind each of its marks, and the same as a table. */
export function TimelineView({ entries, ...board }: Props) {
  const [isAll, setAll] = useState(false);
  const drawn = useRef({ timeline: board.timeline, count: 0 });
  if (drawn.current.timeline !== board.timeline) {
    drawn.current = { timeline: board.timeline, count: drawn.current.count + 1 };
  }
  // what was zoomed and pinned belongs to one picture; another one begins anew
  return (
    <EntriesContext.Provider value={entries}>
      <Board key={drawn.current.count} {...board} isAll={isAll} setAll={setAll} />
    </EntriesContext.Provider>
  );
}
