// GitHub-flavoured Markdown, as EHRs render the details of cards.
import DOMPurify from "dompurify";
import { micromark } from "micromark";
import { gfm, gfmHtml } from "micromark-extension-gfm";

/**
 * Markdown as elements.
 *
 * micromark lets no HTML through and no addresses but web ones; DOMPurify has the last word on what may be in it.
 */
export function markdown(text: string): DocumentFragment {
  const html = micromark(text, { extensions: [gfm()], htmlExtensions: [gfmHtml()] });
  return DOMPurify.sanitize(html, { RETURN_DOM_FRAGMENT: true, FORBID_TAGS: ["style", "img", "form", "input"] });
}
