// What of the page stands in its address, so that it can be sent to somebody: a built-in patient and a tab.

export type Place = { story: string | null; tab: string | null };

/** The place that "#story=…&tab=…" names. */
export function placeIn(hash: string): Place {
  const named = new URLSearchParams(hash.replace(/^#/, ""));
  return { story: named.get("story"), tab: named.get("tab") };
}

/** Put a place into the page's address; nothing of an opened record is ever there. */
export function show({ story, tab }: Place): void {
  const named = new URLSearchParams();
  if (story !== null) {
    named.set("story", story);
  }
  if (tab !== null) {
    named.set("tab", tab);
  }
  history.replaceState(null, "", `#${named.toString()}`);
}
