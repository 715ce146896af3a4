// The links of a card.
import type { Link } from "../contract.ts";
import { opens } from "./addresses.ts";

/** A web address that opens beside the page and tells nothing of it; anything else is shown as text. */
export function WebLink({ url, label }: { readonly url: string; readonly label: string }) {
  return opens(url) ? (
    <a href={url} target="_blank" rel="noopener noreferrer">
      {label}
      <span class="unseen"> (opens a new tab)</span>
    </a>
  ) : (
    <span>{label}</span>
  );
}

export function Links({ links }: { readonly links: readonly Link[] }) {
  if (links.length === 0) {
    return null;
  }
  return (
    <ul class="card-links" aria-label="Links">
      {links.map((link) => (
        <li key={link.url}>{link.type === "smart" ? <SmartLink link={link} /> : <Absolute link={link} />}</li>
      ))}
    </ul>
  );
}

function Absolute({ link }: { readonly link: Link }) {
  return (
    <>
      <WebLink url={link.url} label={link.label} />
      {!opens(link.url) && <small> (not opened: this is no web address)</small>}
    </>
  );
}

/** An app that only an EHR can launch, since the EHR tells it whose chart is open. */
function SmartLink({ link }: { readonly link: Link }) {
  return (
    <>
      <a role="link" aria-disabled="true">
        {link.label}
      </a>
      <small> (opens in the EHR: a SMART app, which this page cannot launch)</small>
    </>
  );
}
