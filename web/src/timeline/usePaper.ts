// How wide the picture may be: as its place on the screen, or as a sheet of A4 while it is printed.
import { options, type RefObject } from "preact";
import { useEffect, useLayoutEffect, useState } from "preact/hooks";

const SHEET = 1040; // pixels between the margins of A4 landscape
const SHEET_HEIGHT = 650; // what title and legend leave
const LINE = 14;
const SMALLEST = 0.62; // of the size on the screen
const USUAL = 900;

export type Paper = { width: number; isPrint: boolean };

export function usePaper(place: RefObject<HTMLElement | null>): Paper {
  const [width, setWidth] = useState(USUAL);
  const [isPrint, setPrint] = useState(false);

  useLayoutEffect(() => {
    const element = place.current;
    if (!element) return undefined;
    const measure = () => setWidth((before) => Math.floor(element.clientWidth) || before);
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, [place]);

  useEffect(() => {
    const print = matchMedia("print");
    const begin = () => atOnce(() => setPrint(true));
    const end = () => setPrint(false);
    const change = () => (print.matches ? begin() : end());
    addEventListener("beforeprint", begin);
    addEventListener("afterprint", end);
    print.addEventListener("change", change);
    return () => {
      removeEventListener("beforeprint", begin);
      removeEventListener("afterprint", end);
      print.removeEventListener("change", change);
    };
  }, []);

  return isPrint ? { width: SHEET, isPrint } : { width, isPrint };
}

/** The width in which a picture so high fills the sheet, *lines* of text being beside it. */
export function sheetWidth(height: number, lines: number): number {
  return Math.max(SHEET, (SHEET * height) / (SHEET_HEIGHT - lines * LINE));
}

/** How high a picture may be so that its words can be read when it has been made small enough for the sheet. */
export function sheetHeight(lines: number): number {
  return (SHEET_HEIGHT - lines * LINE) / SMALLEST;
}

/** The browser prints what is there when the event has been handled: what would be drawn a moment later is too late. */
function atOnce(change: () => void): void {
  const usual = options.debounceRendering;
  options.debounceRendering = (draw) => draw();
  try {
    change();
  } finally {
    if (usual) options.debounceRendering = usual;
    else delete options.debounceRendering;
  }
}
