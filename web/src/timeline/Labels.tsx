import { SIZE, tagPlaces, type Label } from "./placement.ts";

type Props = {
  readonly labels: readonly Label[];
  readonly isDim: (mark: string) => boolean;
  readonly aside: ReadonlySet<string>;
};

/** Words beside marks, with the ids of the contributors that rest on them in frames. */
export function Labels({ labels, isDim, aside }: Props) {
  return (
    <g class="timeline-labels" aria-hidden="true">
      {labels.map((label) => (
        <g key={`${label.mark} ${label.text}`} class={isDim(label.mark) ? "timeline-dim" : ""} data-label={label.mark}>
          {label.text && <text class="timeline-label" x={label.x} y={label.y} font-size={SIZE}>{label.text}</text>}
          {tagPlaces(label).map(({ tag, x, width }) => (
            <g key={tag} class={aside.has(tag) ? "timeline-tag timeline-aside" : "timeline-tag"} data-tag={tag}>
              <rect x={x} y={label.y - 10} width={width} height={13} rx={3} />
              <text x={x + 3} y={label.y} font-size={SIZE - 1}>{tag}</text>
            </g>
          ))}
        </g>
      ))}
    </g>
  );
}
