import { useContext } from "preact/hooks";

import type { PlacedLane } from "./lanes.ts";
import { SIZE, tagsWidth, tagPlaces } from "./placement.ts";
import { scaleMarks, values } from "./points.ts";
import { EntriesContext, writer } from "./reported.ts";
import { fitted, widthOf } from "./texts.ts";

const NAME_SIZE = 13;

type Props = {
  readonly placed: PlacedLane;
  readonly tags: readonly string[];
  readonly aside: ReadonlySet<string>;
  readonly left: number;
  readonly isNarrow: boolean;
  readonly isDim: boolean;
};

/** The name of a lane in the column at the left that stays, or above the lane; with unit, contributors and values. */
export function LaneName({ placed, tags, aside, left, isNarrow, isDim }: Props) {
  const { lane, top, body } = placed;
  const isCramps = lane.kind === "cramps";
  const isLinked = placed.isLinked || isCramps;
  const label = isCramps ? lane.label.charAt(0).toUpperCase() + lane.label.slice(1) : lane.label;
  const x = isNarrow ? 2 : 8;
  const size = isLinked ? NAME_SIZE : NAME_SIZE - 1;
  const figures = writer(lane, useContext(EntriesContext));
  const scale = lane.kind === "result" ? scaleMarks(placed, values(placed), figures) : [];
  const scaleWidth = isNarrow ? 0 : Math.max(0, ...scale.map(({ text }) => widthOf(text, SIZE) + 10));
  const room = (isNarrow ? 330 : left - 12 - scaleWidth) - x;
  const shown = tagsThatFit(tags, isNarrow ? room / 2 : room);
  const nameRoom = isNarrow ? room - tagsWidth(shown) - widthOf(lane.unit, SIZE) - 16 : room;
  const name = fitted(label, nameRoom, size, isLinked);
  const y = isNarrow ? top + 13 : placed.row < 28 ? body + 14 : body + 13;
  const nameEnd = x + widthOf(name, size, isLinked);
  const below = isNarrow ? { x: nameEnd + 8, y } : placed.row < 28 ? { x: nameEnd + 6, y } : { x, y: y + 15 };
  const unitWidth = lane.unit ? widthOf(lane.unit, SIZE) : 0;
  const isOneLine = below.y === y;
  const isUnitShown = lane.unit !== "" && (!isOneLine || below.x + unitWidth < left - scaleWidth || isNarrow);
  const unitAndTags = { mark: "", text: isUnitShown ? lane.unit : "", tags: shown, width: 0, ...below };
  return (
    <g class={`timeline-name ${isLinked ? "timeline-linked" : ""} ${isDim ? "timeline-dim" : ""}`} aria-hidden="true">
      <text x={x} y={y} font-size={size} data-lane-name={lane.id}>{name}</text>
      {isUnitShown && <text class="timeline-unit" x={below.x} y={below.y} font-size={SIZE}>{lane.unit}</text>}
      <g class="timeline-tag">
        {tagPlaces(unitAndTags).map(({ tag, x: at, width }) => (
          <g key={tag} class={aside.has(tag) ? "timeline-aside" : ""}>
            <rect x={at} y={below.y - 10} width={width} height={13} rx={3} />
            <text x={at + 3} y={below.y} font-size={SIZE - 1}>{tag}</text>
          </g>
        ))}
      </g>
      {scale.map(({ y: height, text }) => (
        <text key={text} class="timeline-value" x={left - 6} y={height + 4} font-size={SIZE}>{text}</text>
      ))}
    </g>
  );
}

function tagsThatFit(tags: readonly string[], room: number): readonly string[] {
  const fits = tags.filter((_, index) => tagsWidth(tags.slice(0, index + 1)) <= room - 50);
  return fits.length === tags.length ? tags : [...fits, "…"];
}
