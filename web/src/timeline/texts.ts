// How wide words are, so that they are cut or left out before they cover each other.

const FONT = 'system-ui, "DejaVu Sans", sans-serif'; // as page.css and timeline.css say
const widths = new Map<string, number>();
const pen = document.createElement("canvas").getContext("2d");

/** The width of *text* in pixels, at *size* pixels, bold where it *isBold*. */
export function widthOf(text: string, size: number, isBold = false): number {
  const key = `${isBold ? "b" : ""}${size} ${text}`;
  const known = widths.get(key);
  if (known !== undefined) return known;
  const width = measured(text, size, isBold);
  if (widths.size > 5000) widths.clear();
  widths.set(key, width);
  return width;
}

function measured(text: string, size: number, isBold: boolean): number {
  if (!pen) return text.length * size * 0.6;
  pen.font = `${isBold ? "bold " : ""}${size}px ${FONT}`;
  return pen.measureText(text).width;
}

/** The text, or its beginning with an ellipsis where it is wider than *width*; nothing where not even that fits. */
export function fitted(text: string, width: number, size: number, isBold = false): string {
  if (widthOf(text, size, isBold) <= width) return text;
  const letters = Array.from(text);
  let fits = 0;
  let tooMany = letters.length;
  while (tooMany - fits > 1) {
    const half = Math.floor((fits + tooMany) / 2);
    const cut = `${letters.slice(0, half).join("").trimEnd()}…`;
    if (widthOf(cut, size, isBold) <= width) fits = half;
    else tooMany = half;
  }
  return fits > 0 ? `${letters.slice(0, fits).join("").trimEnd()}…` : "";
}
