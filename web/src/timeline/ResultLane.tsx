import { useContext } from "preact/hooks";

import { Before } from "./Before.tsx";
import type { PlacedLane } from "./lanes.ts";
import { placed as placeLabels } from "./placement.ts";
import { Labels } from "./Labels.tsx";
import { MarkShape, type LaneProps } from "./MarkShape.tsx";
import { band, boxes, points, values, wishes, type Point } from "./points.ts";
import { EntriesContext, writer, type Writer } from "./reported.ts";
import { period } from "./words.ts";

/** A lane of results: points on a line, the laboratory's band behind them, the last value in words. */
export function ResultLane({ placed, scale, today, lines, rows, state }: LaneProps) {
  const [left, right] = scale.range() as [number, number];
  const figures = writer(placed.lane, useContext(EntriesContext));
  const heights = values(placed);
  const all = points(placed, scale, heights, today);
  const shown = all.filter(({ from, until }) => until >= left - 8 && from <= right + 8);
  const measured = all.filter(({ mark }) => mark.value !== null);
  const room = { left, right, top: placed.body - 3, bottom: placed.body + placed.height + 3 };
  const wished = wishes(shown, measured.at(-1), placed, rows, figures);
  const labels = placeLabels(wished, room, boxes(shown), lines);
  const before = shown.length === 0 ? all.filter(({ until }) => until < left).at(-1) : undefined;
  // beyond that browsers draw lines wrongly
  const near = (x: number) => Math.min(right + 4000, Math.max(left - 4000, x));
  return (
    <>
      <g class="timeline-band" aria-hidden="true">
        {band(all, heights).map(({ x, y, width, height }) => {
          const from = Math.max(left, x);
          const until = Math.min(right, x + width);
          return until > from && <rect key={x} x={from} y={y} width={until - from} height={height} />;
        })}
      </g>
      <polyline
        class="timeline-line"
        aria-hidden="true"
        points={measured.map(({ x, y }) => `${near(x)},${y}`).join(" ")}
      />
      {shown.map((point) => (
        <MarkShape key={point.mark.id} mark={point.mark} rows={rows} state={state} kind="result">
          <Drawn point={point} />
        </MarkShape>
      ))}
      {before && (
        <Before mark={before.mark} text={earlier(before, placed, figures)} left={left} {...{ placed, rows, state }} />
      )}
      <Labels labels={labels} isDim={state.isDim} aside={rows.aside} />
    </>
  );
}

/** The last result before the window in words. */
function earlier({ mark }: Point, { lane }: PlacedLane, figures: Writer): string {
  const day = period(mark, lane.kind);
  return mark.value === null ? day : `${figures.of(mark, "value")} ${lane.unit}, ${day}`;
}

/** A point: a disc within the band, a triangle that points up or down outside it, a ring where no band is known. */
function Drawn({ point: { mark, x, y, from, until, place } }: { readonly point: Point }) {
  const look = `timeline-point timeline-${mark.value === null ? "worded" : place}`;
  return (
    <>
      <circle class="timeline-hit" cx={x} cy={y} r={9} />
      {until > from && <line class="timeline-partial" x1={from} x2={until} y1={y} y2={y} />}
      {mark.value === null ? (
        <path class={look} d={`M${x - 4} ${y - 4}l8 8m0 -8l-8 8`} />
      ) : place === "low" ? (
        <path class={look} d={`M${x - 5.5} ${y - 4}h11l-5.5 9.5z`} />
      ) : place === "high" ? (
        <path class={look} d={`M${x - 5.5} ${y + 4}h11l-5.5 -9.5z`} />
      ) : (
        <circle class={look} cx={x} cy={y} r={4} />
      )}
    </>
  );
}
