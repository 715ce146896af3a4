import { bars, wishes, type Bar } from "./bars.ts";
import { Before } from "./Before.tsx";
import { placed as placeLabels } from "./placement.ts";
import { Labels } from "./Labels.tsx";
import { MarkShape, type LaneProps } from "./MarkShape.tsx";

/** A lane of what lasts: the courses of a drug, a diagnosis, the reports of cramps. */
export function BarLane({ placed, scale, today, rows, state }: LaneProps) {
  const [left, right] = scale.range() as [number, number];
  const { drawn, before } = bars(placed, scale, today);
  const room = { left, right, top: placed.body - 2, bottom: placed.body + placed.height };
  const labels = placeLabels(wishes(drawn, rows, [left, right]), room, [], []);
  return (
    <>
      {drawn.map((bar) => (
        <MarkShape key={bar.mark.id} mark={bar.mark} rows={rows} state={state} kind={placed.lane.kind}>
          <Drawn bar={bar} left={left} right={right} />
        </MarkShape>
      ))}
      {before && <Before mark={before.mark} text={before.starts} left={left} {...{ placed, rows, state }} />}
      <Labels labels={labels} isDim={state.isDim} aside={rows.aside} />
    </>
  );
}

/** A bar; cut a little outside the window, since browsers draw huge shapes wrongly. */
function Drawn({ bar, left, right }: { readonly bar: Bar; readonly left: number; readonly right: number }) {
  const cut = (x: number) => Math.min(right + 50, Math.max(left - 50, x));
  const [start, sure, end] = [cut(bar.left), cut(bar.sureFrom), cut(bar.right)];
  const height = bar.base - bar.top;
  const middle = bar.top + height / 2;
  const half = height / 2 + 1;
  const given = bar.given.filter((x) => x >= left && x <= right);
  return (
    <>
      <rect class="timeline-hit" x={start - 3} y={bar.top - 3} width={end - start + 6} height={height + 8} />
      {bar.tailBefore !== null && (
        <line class="timeline-open" x1={cut(bar.tailBefore)} x2={start} y1={middle} y2={middle} />
      )}
      {bar.isPoint && <path class="timeline-bar" d={`M${start} ${middle - 7}l6 7l-6 7l-6 -7z`} />}
      {!bar.isPoint && !bar.isUndated && bar.pieces.map(({ x, y, width, height: tall, dose }) => {
        const from = cut(x);
        const wide = Math.max(cut(x + width) - from, 1);
        return <rect key={x} class="timeline-bar" x={from} y={y} width={wide} height={tall} data-dose={dose} />;
      })}
      {bar.isUnstated && <line class="timeline-unstated" x1={start} x2={start} y1={bar.top - 4} y2={bar.base + 2} />}
      {sure > start && (
        <rect class="timeline-unsure" x={start} y={bar.top - 1} width={sure - start} height={height + 1.5} />
      )}
      {bar.changes.map(({ x }) => (
        <line key={x} class="timeline-change" x1={cut(x)} x2={cut(x)} y1={bar.top - 3} y2={bar.base + 1} />
      ))}
      {bar.isRunning && <path class="timeline-arrow" d={`M${end} ${bar.top - 1}l8 ${half}l-8 ${half}z`} />}
      {bar.tailAfter !== null && (
        <line class="timeline-lost" x1={end} x2={cut(bar.tailAfter)} y1={middle} y2={middle} />
      )}
      {given.length > 0 && <path class="timeline-given" d={given.map((x) => `M${x} ${bar.base + 1}v4`).join("")} />}
    </>
  );
}
