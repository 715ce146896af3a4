import { scaleUtc } from "d3-scale";
import type { RefObject } from "preact";
import { useEffect, useId, useMemo, useRef, useState } from "preact/hooks";

import type { Mark, Timeline } from "../contract.ts";
import { at, written } from "../days.ts";
import { BarLane } from "./BarLane.tsx";
import { next, ordered, windowAfter } from "./keys.ts";
import { LaneName } from "./LaneName.tsx";
import { HEADING, type Layout } from "./lanes.ts";
import { Axis, onsetName, OnsetLine } from "./Lines.tsx";
import { type Rows, rowsAt } from "./links.ts";
import type { PictureState } from "./MarkShape.tsx";
import { reach, type Window } from "./reach.ts";
import { ResultLane } from "./ResultLane.tsx";
import { Patterns, Shades } from "./Shades.tsx";
import { useZoom } from "./useZoom.ts";
import { showing } from "./windows.ts";

const COLUMN = 190;
const NARROW_COLUMN = 36;
const RIGHT = 12;

type Props = {
  readonly timeline: Timeline;
  readonly layout: Layout;
  readonly rows: Rows;
  readonly width: number;
  readonly isNarrow: boolean;
  readonly today: number;
  readonly all: Window;
  readonly shown: Window;
  readonly state: PictureState;
  readonly described: string;
  readonly show: (window: Window) => void;
  readonly point: (mark: string) => void;
  readonly pin: (mark: string) => void;
  readonly focused: (mark: string) => void;
  readonly unpin: () => void;
};

/** The picture: lanes below each other over one axis of days. */
export function Picture(props: Props) {
  const { timeline, layout, rows, width, isNarrow, today, all, shown, state } = props;
  const svg = useRef<SVGSVGElement>(null);
  const name = useId().replace(/[^\w-]/g, "");
  const left = isNarrow ? NARROW_COLUMN : COLUMN;
  const right = width - RIGHT;
  const scale = scaleUtc(shown, [left, right]);
  const marks = useMemo(() => ordered(layout.lanes, today), [layout, today]);
  const drugs = layout.groups.find((group) => group.kind === "drug");
  useZoom(svg, all, [left, right], shown, props.show);
  const isShown = (mark: Mark) => reach(mark, today).until >= shown[0] && reach(mark, today).from <= shown[1];
  const drawn = marks.flatMap((lane) => (lane.some(isShown) ? lane.filter(isShown) : lane.slice(-1)));
  const current = drawn.find((mark) => mark.id === state.current) ?? drawn[0];
  const laneState = { ...state, current: current?.id ?? null };
  const focus = useFocus(svg);
  const lines = [timeline.today, ...(timeline.onset ? [timeline.onset.begins] : [])].map((day) => scale(at(day)));

  const press = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const mark = markAt(event.target);
    if (event.key === "Escape") props.unpin();
    else if (mark && (event.key === "Enter" || event.key === " ")) props.pin(mark);
    else {
      const to = mark && !event.shiftKey ? next(marks, mark, event.key, today) : null;
      const window = to ? showing(shown, reach(to, today), all) : windowAfter(event.key, shown, all);
      if (!window) return;
      props.show(window);
      if (to) focus(to.id);
    }
    event.preventDefault();
  };
  const point = (event: Event) => {
    const mark = markAt(event.target);
    if (mark) props.point(mark);
  };
  const focused = (event: Event) => {
    const mark = markAt(event.target);
    if (mark) props.focused(mark);
  };
  const pin = (event: Event) => {
    const mark = markAt(event.target);
    if (mark) props.pin(mark);
  };

  return (
    <svg
      ref={svg}
      class="timeline-picture"
      viewBox={`0 0 ${width} ${layout.bottom}`}
      role="group"
      aria-label={`Timeline from ${written(shown[0])} to ${written(shown[1])}. ${onsetName(timeline)}.`}
      aria-describedby={props.described}
      tabindex={0}
      onKeyDown={press}
      onPointerOver={point}
      onFocusIn={focused}
      onClick={pin}
    >
      <defs>
        <clipPath id={`${name}-plot`}>
          <rect x={left} y={0} width={right - left + RIGHT} height={layout.bottom} />
        </clipPath>
        <Patterns name={name} />
      </defs>
      <rect class="timeline-paper" width={width} height={layout.bottom} />
      {drugs && <Shades shades={timeline.shades} scale={scale} top={drugs.top} bottom={drugs.bottom} name={name} />}
      <OnsetLine timeline={timeline} scale={scale} bottom={layout.bottom} />
      <Axis timeline={timeline} scale={scale} bottom={layout.bottom} />
      {layout.groups.map((group) => (
        <g key={group.kind} class="timeline-group" aria-hidden="true">
          <line x1={0} x2={width} y1={group.top} y2={group.top} />
          <text x={2} y={group.top + HEADING - 6} font-size={12}>{group.label}</text>
        </g>
      ))}
      {layout.lanes.map((placed) => {
        const ids = placed.lane.marks.map((mark) => mark.id);
        const tags = [...new Set(ids.flatMap((id) => rowsAt(rows, id)))];
        const foot = placed.body + placed.height + 3;
        const Lane = placed.lane.kind === "result" ? ResultLane : BarLane;
        return (
          <g key={placed.lane.id} role="group" aria-label={placed.lane.label} data-lane={placed.lane.id}>
            <LaneName
              placed={placed}
              tags={tags}
              aside={rows.aside}
              left={left}
              isNarrow={isNarrow}
              isDim={ids.every(state.isDim)}
            />
            <line class="timeline-foot" aria-hidden="true" x1={left} x2={right} y1={foot} y2={foot} />
            <g clip-path={`url(#${name}-plot)`}>
              <Lane placed={placed} scale={scale} today={today} lines={lines} rows={rows} state={laneState} />
            </g>
          </g>
        );
      })}
    </svg>
  );
}

function markAt(target: EventTarget | null): string | null {
  const element = target instanceof Element ? target.closest("[data-mark]") : null;
  return element?.getAttribute("data-mark") ?? null;
}

/** Puts the focus on a mark: at once, or as soon as it is drawn where the window has to move there first. */
function useFocus(svg: RefObject<SVGSVGElement | null>): (mark: string) => void {
  const [asked, ask] = useState<string | null>(null);
  const drawn = (mark: string) => svg.current?.querySelector<SVGGElement>(`[data-mark="${CSS.escape(mark)}"]`);
  useEffect(() => {
    if (asked === null) return;
    drawn(asked)?.focus();
    ask(null);
  }, [svg, asked]);
  return (mark) => {
    const element = drawn(mark);
    if (element) element.focus();
    else ask(mark);
  };
}
