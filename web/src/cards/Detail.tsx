// The detail of a card, which is Markdown.
import { useLayoutEffect, useRef } from "preact/hooks";

import { markdown } from "../markdown.ts";

export function Detail({ text }: { readonly text: string }) {
  const place = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => place.current?.replaceChildren(markdown(text)), [text]);
  return <div class="card-detail" ref={place} />;
}
