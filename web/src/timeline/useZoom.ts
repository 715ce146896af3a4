// Zoom and pan by pointer: d3-zoom turns wheel, drag and pinch into a window of days.
import { scaleUtc } from "d3-scale";
import { select } from "d3-selection";
import { zoom, zoomIdentity, type D3ZoomEvent, type ZoomTransform } from "d3-zoom";
import type { RefObject } from "preact";
import { useEffect, useRef } from "preact/hooks";

import type { Scale } from "./axis.ts";
import type { Window } from "./reach.ts";
import { nearest } from "./windows.ts";

/**
 * Have *show* called with the window that a gesture leads to; once a frame at most.
 *
 * The wheel zooms with Ctrl only (a pinch on a touchpad says the same) and two fingers are needed on a touch screen:
 * what scrolls a page elsewhere scrolls it here too.
 */
export function useZoom(
  svg: RefObject<SVGSVGElement | null>, all: Window, plot: Window, shown: Window, show: (window: Window) => void,
): void {
  const latest = useRef(show);
  latest.current = show;
  const [first, last] = all;
  const [left, right] = plot;
  const behaviour = useRef(zoom<SVGSVGElement, unknown>());

  useEffect(() => {
    const element = svg.current;
    if (!element) return undefined;
    const whole = scaleUtc([first, last], [left, right]);
    let frame = 0;
    const zooming = behaviour.current
      .scaleExtent([1, nearest([first, last])])
      .extent([[left, 0], [right, 1]])
      .translateExtent([[left, -Infinity], [right, Infinity]])
      .clickDistance(4)
      .filter(isForZoom)
      .on("zoom", ({ sourceEvent, transform }: D3ZoomEvent<SVGSVGElement, unknown>) => {
        if (!sourceEvent) return; // set by the effect below
        cancelAnimationFrame(frame);
        frame = requestAnimationFrame(() => latest.current(windowOf(transform, whole)));
      });
    const selected = select(element);
    selected.call(zooming).on("dblclick.zoom", null);
    return () => {
      cancelAnimationFrame(frame);
      selected.on(".zoom", null);
    };
  }, [svg, first, last, left, right]);

  const [from, until] = shown;
  useEffect(() => {
    const element = svg.current;
    if (!element) return;
    const whole = scaleUtc([first, last], [left, right]);
    const factor = (last - first) / (until - from);
    select(element).call(
      behaviour.current.transform,
      zoomIdentity.translate(left - factor * whole(from), 0).scale(factor),
    );
  }, [svg, first, last, left, right, from, until]);
}

function isForZoom(event: Event): boolean {
  if (event instanceof WheelEvent) return event.ctrlKey || event.metaKey;
  if (event instanceof MouseEvent) return event.button === 0 && !event.ctrlKey;
  return "touches" in event && (event as TouchEvent).touches.length >= 2;
}

function windowOf(transform: ZoomTransform, whole: Scale): Window {
  const [from, until] = transform.rescaleX(whole).domain() as [Date, Date];
  return [from.getTime(), until.getTime()];
}
