import type { Shade } from "../contract.ts";
import { at, endOf } from "../days.ts";
import type { Scale } from "./axis.ts";
import { SIZE } from "./placement.ts";
import { widthOf } from "./texts.ts";

const NAMES: Record<Shade["time_class"], string> = {
  plausible: "91–365 days before",
  strong: "0–90 days before",
  after: "after",
};

type Area = {
  readonly shades: readonly Shade[];
  readonly scale: Scale;
  readonly top: number;
  readonly bottom: number;
  readonly name: string;
};

/** The days of each time class behind the drugs, by pattern as well as by colour. */
export function Shades({ shades, scale, top, bottom, name }: Area) {
  const [left, right] = scale.range() as [number, number];
  return (
    <g aria-hidden="true">
      {shades.map((shade) => {
        const from = Math.max(left, scale(at(shade.begins)));
        const until = Math.min(right, scale(endOf(shade.ends)));
        if (until <= from) return null;
        const hasRoom = widthOf(NAMES[shade.time_class], SIZE) < until - from - 6;
        return (
          <g key={shade.time_class} data-shade={shade.time_class}>
            <rect
              x={from}
              y={top}
              width={until - from}
              height={bottom - top}
              fill={`url(#${name}-${shade.time_class})`}
            />
            {hasRoom && (
              <text class="timeline-shade-name" x={(from + until) / 2} y={top + 14} font-size={SIZE}>
                {NAMES[shade.time_class]}
              </text>
            )}
          </g>
        );
      })}
    </g>
  );
}

/** The patterns: lines close together, lines far apart, dots; they differ on black and white paper too. */
export function Patterns({ name }: { readonly name: string }) {
  return (
    <>
      <pattern id={`${name}-strong`} width="6" height="6" patternUnits="userSpaceOnUse">
        <rect class="timeline-strong" width="6" height="6" />
        <path class="timeline-hatch" d="M-1 1l2 -2M0 6l6 -6M5 7l2 -2" />
      </pattern>
      <pattern id={`${name}-plausible`} width="14" height="14" patternUnits="userSpaceOnUse">
        <rect class="timeline-plausible" width="14" height="14" />
        <path class="timeline-hatch" d="M0 14l14 -14" />
      </pattern>
      <pattern id={`${name}-after`} width="8" height="8" patternUnits="userSpaceOnUse">
        <rect class="timeline-after" width="8" height="8" />
        <circle class="timeline-dot" cx="4" cy="4" r="0.9" />
      </pattern>
    </>
  );
}
