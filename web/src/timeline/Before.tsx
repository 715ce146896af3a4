import type { Mark } from "../contract.ts";
import type { PlacedLane } from "./lanes.ts";
import { type Rows, rowsAt } from "./links.ts";
import { Labels } from "./Labels.tsx";
import { MarkShape, type PictureState } from "./MarkShape.tsx";
import { SIZE, tagsWidth } from "./placement.ts";
import { widthOf } from "./texts.ts";

type Props = {
  readonly mark: Mark;
  readonly text: string;
  readonly left: number;
  readonly placed: PlacedLane;
  readonly rows: Rows;
  readonly state: PictureState;
};

/** The last mark of a lane that lies before the window, in words at its edge: nothing looks as if it were not there. */
export function Before({ mark, text, left, placed, rows, state }: Props) {
  const shown = `‹ ${text}`;
  const tags = rowsAt(rows, mark.id);
  const y = placed.body + Math.min(placed.height, 40) / 2 + 4;
  const width = widthOf(shown, SIZE) + tagsWidth(tags);
  const label = { mark: mark.id, text: shown, tags, x: left + 4, y, width };
  return (
    <>
      <MarkShape mark={mark} rows={rows} state={state} kind={placed.lane.kind}>
        <rect class="timeline-hit" x={left + 1} y={y - 12} width={width + 8} height={17} />
      </MarkShape>
      <Labels labels={[label]} isDim={state.isDim} aside={rows.aside} />
    </>
  );
}
