import type { Timeline } from "../contract.ts";
import { written } from "../days.ts";
import { windowAfter } from "./keys.ts";
import type { Window } from "./reach.ts";
import { aroundCramps } from "./windows.ts";

type Props = {
  readonly timeline: Timeline;
  readonly all: Window;
  readonly shown: Window;
  readonly show: (window: Window) => void;
  readonly isAll: boolean;
  readonly setAll: (isAll: boolean) => void;
  readonly folded: number;
};

/** Zooming and moving without wheel or keys, the days that are shown, and the lanes that are folded. */
export function Tools({ timeline, all, shown, show, isAll, setAll, folded }: Props) {
  const around = aroundCramps(timeline);
  const press = (key: string) => () => show(windowAfter(key, shown, all) ?? shown);
  return (
    <div class="timeline-tools" role="group" aria-label="What the picture shows">
      <button type="button" onClick={press("+")} aria-label="Zoom in">+</button>
      <button type="button" onClick={press("-")} aria-label="Zoom out">−</button>
      <button type="button" onClick={press("ArrowLeft")} aria-label="Earlier">←</button>
      <button type="button" onClick={press("ArrowRight")} aria-label="Later">→</button>
      <button type="button" onClick={() => show(all)}>All</button>
      {around && <button type="button" onClick={() => show(around)}>Around the cramps</button>}
      <span class="timeline-days" role="status">{written(shown[0])} to {written(shown[1])}</span>
      {folded > 0 && (
        <button type="button" class="timeline-fold" aria-pressed={isAll} onClick={() => setAll(!isAll)}>
          Show all that was read ({folded})
        </button>
      )}
    </div>
  );
}
