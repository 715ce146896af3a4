// GitHub-flavoured Markdown, as EHRs render the details of cards.
import DOMPurify from "dompurify";
import { micromark } from "micromark";
import { gfm, gfmHtml } from "micromark-extension-gfm";

import { opens } from "./cards/addresses.ts";

// What GitHub's Markdown can say, and no more: no pictures, which tell another server that a chart is open; no ids,
// which could stand for parts of the page.
const ELEMENTS = [
  ...["p", "br", "hr", "strong", "em", "del", "sup", "code", "pre", "blockquote", "a", "input"],
  ...["ul", "ol", "li", "table", "thead", "tbody", "tr", "th", "td", "section"],
  ...["h1", "h2", "h3", "h4", "h5", "h6"],
];
const ATTRIBUTES = ["href", "align", "start", "type", "checked"];

/**
 * Markdown as elements.
 *
 * micromark shows HTML as text, DOMPurify has the last word on what elements there are. Addresses become links where
 * GitHub's Markdown makes links of them, since EHRs do so too; only web and mail addresses lead anywhere.
 */
export function markdown(text: string): DocumentFragment {
  const html = micromark(text, { extensions: [gfm()], htmlExtensions: [gfmHtml()] });
  const made = DOMPurify.sanitize(html, {
    ALLOWED_TAGS: ELEMENTS,
    ALLOWED_ATTR: ATTRIBUTES,
    ALLOW_DATA_ATTR: false,
    ALLOW_ARIA_ATTR: false,
    RETURN_DOM_FRAGMENT: true,
  });
  made.querySelectorAll("a").forEach(tamed);
  made.querySelectorAll("input").forEach(asText);
  made.querySelectorAll("h1, h2, h3, h4, h5, h6").forEach(asParagraph);
  return made;
}

/** A link opens beside the page and tells nothing of it; one that leads nowhere is its text. */
function tamed(link: HTMLAnchorElement): void {
  const address = link.getAttribute("href") ?? "";
  if (opens(address, "mailto:")) {
    link.target = "_blank";
    link.rel = "noopener noreferrer";
  } else {
    link.replaceWith(...link.childNodes);
  }
}

/** The box of a task list can't be ticked here. */
function asText(box: HTMLInputElement): void {
  box.replaceWith(box.hasAttribute("checked") ? "☑" : "☐");
}

/** A heading inside of a card would be taken for one of the page. */
function asParagraph(heading: Element): void {
  const strong = document.createElement("strong");
  strong.append(...heading.childNodes);
  const paragraph = document.createElement("p");
  paragraph.append(strong);
  heading.replaceWith(paragraph);
}
