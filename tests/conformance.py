"""
An independent reading of what an answer must be: CDS Hooks 2.0 and the contracts of the design.

Nothing of the service's own code is used here, so that the same mistake can't be made twice.
"""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import yaml
from fhir.resources.R4B.servicerequest import ServiceRequest
from pydantic import ValidationError

CARDS = Path(__file__).parent.parent / "cards"
JSON = dict[str, Any]

_PREFIX = "org.legcramps."
_INDICATORS = ("critical", "warning", "info")
_KINDS = ("main", "also-consider", "data")
_ROLES = ("contributor", "safety", "context", "set-aside")
_WORDS = {"main": 80, "also-consider": 110}
_CARD = {
    "summary",
    "detail",
    "indicator",
    "source",
    "uuid",
    "suggestions",
    "selectionBehavior",
    "overrideReasons",
}
_CARD |= {"links", "extension"}
_FORBIDDEN = re.compile(r"caused by|\bmust\b|\bstop (?:taking|this|the|it)\b|\bno cause\b", re.IGNORECASE)
_UNFILLED = re.compile(r"(?<!\\)\{\w*\}|\bNone\b|\bnan\b")
_MARKUP = {
    "raw HTML": re.compile(r"<"),
    "an address": re.compile(r"://|\bwww\.\w|mailto:|\w@\w", re.IGNORECASE),
    "a Markdown link or image": re.compile(r"(?<!\\)\]\(|(?<!\\)!\["),
    "a code span or fence": re.compile(r"(?<!\\)`|^~~~", re.MULTILINE),
    "a heading, quote or rule": re.compile(r"^(?:#|>|---|===)", re.MULTILINE),
    "a control character": re.compile(r"[\x00-\x09\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]"),
}


def problems(request: JSON, response: Any) -> list[str]:
    """Everything that is wrong with *response* as the answer to *request*; [] when it conforms."""
    if not isinstance(response, dict):
        return ["the response is not an object"]
    cards = response.get("cards")
    if not isinstance(cards, list):
        return ["cards is not an array"]
    found = [f"unknown member {name}" for name in response.keys() - {"cards", "systemActions", "extension"}]
    if "systemActions" in response and not isinstance(response["systemActions"], list):
        found.append("systemActions is not an array")
    found += [f"{place} is null or empty" for place in _empties(response, "") if place != ".cards"]
    for place, card in enumerate(cards):
        if not isinstance(card, dict):
            found.append(f"card {place}: not an object")
            continue
        found += [f"card {place}: {problem}" for problem in _card(card, request)]
    return found or list(_together(cards))


def _empties(value: Any, place: str) -> Iterator[str]:
    if value is None or value in ("", [], {}):
        yield place
    elif isinstance(value, dict):
        for name, member in value.items():
            yield from _empties(member, f"{place}.{name}")
    elif isinstance(value, list):
        for index, member in enumerate(value):
            yield from _empties(member, f"{place}[{index}]")


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_absolute(value: Any) -> bool:
    if not isinstance(value, str) or re.search(r"\s", value):
        return False
    parts = urlsplit(value)
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def _is_uuid(value: Any) -> bool:
    try:
        return str(UUID(value)) == str(value).lower()
    except (ValueError, AttributeError, TypeError):
        return False


# --- one card -------------------------------------------------------------------------------------------------


def _card(card: JSON, request: JSON) -> Iterator[str]:
    for name in sorted(card.keys() - _CARD):
        yield f"unknown member {name}"
    if not _is_text(card.get("summary")) or len(card["summary"]) >= 140:
        yield "summary is no text of fewer than 140 characters"
    if card.get("indicator") not in _INDICATORS:
        yield "indicator is not in the set"
    if not _is_text(card.get("detail")):
        yield "detail is no text"
    if not _is_uuid(card.get("uuid")):
        yield "uuid is no UUID, so that no feedback can name the card"
    yield from _source(card.get("source"))
    yield from _links(card.get("links", []))
    yield from _overrides(card.get("overrideReasons", []), card.get("indicator") == "critical")
    yield from _suggestions(card, request)
    yield from _extension(card, request)
    yield from _wording(card)


def _source(source: Any) -> Iterator[str]:
    if not isinstance(source, dict) or not _is_text(source.get("label")):
        yield "source.label is missing"
        return
    for name in ("url", "icon"):
        if name in source and not _is_absolute(source[name]):
            yield f"source.{name} is not absolute"
    if "topic" in source:
        yield from (f"source.topic: {problem}" for problem in _coding(source["topic"]))


def _coding(coding: Any, needed: Iterable[str] = ("code", "system")) -> Iterator[str]:
    if not isinstance(coding, dict):
        yield "is no Coding"
        return
    for name in needed:
        if not _is_text(coding.get(name)):
            yield f"{name} is missing"


def _links(links: Any) -> Iterator[str]:
    if not isinstance(links, list):
        yield "links is not an array"
        return
    for link in links:
        if not _is_text(link.get("label")):
            yield "a link has no label"
        if not _is_absolute(link.get("url")):
            yield "a link's url is not absolute"
        if link.get("type") not in ("absolute", "smart"):
            yield "a link's type is not in the set"
        if "appContext" in link and link.get("type") != "smart":
            yield "appContext on a link that is not smart"


def _overrides(reasons: Any, is_critical: bool) -> Iterator[str]:
    if not isinstance(reasons, list):
        yield "overrideReasons is not an array"
        return
    for reason in reasons:
        yield from (
            f"overrideReasons: {problem}" for problem in _coding(reason, ("code", "system", "display"))
        )
    if len(reasons) != (8 if is_critical else 6):
        yield f"{len(reasons)} override reasons; the common six, and two more on a critical card"


# --- suggestions ----------------------------------------------------------------------------------------------


def _suggestions(card: JSON, request: JSON) -> Iterator[str]:
    suggestions = card.get("suggestions", [])
    if not isinstance(suggestions, list):
        yield "suggestions is not an array"
        return
    behaviour = card.get("selectionBehavior")
    if suggestions and behaviour != "any":
        yield "suggestions need selectionBehavior any"
    if not suggestions and behaviour is not None:
        yield "selectionBehavior without suggestions"
    for suggestion in suggestions:
        yield from (f"suggestion: {problem}" for problem in _suggestion(suggestion, request))
    ordered = [_ordered(action) for each in suggestions for action in each.get("actions", [])]
    if len(ordered) != len(set(ordered)):
        yield "a test is suggested twice"


def _suggestion(suggestion: JSON, request: JSON) -> Iterator[str]:
    if not _is_text(suggestion.get("label")):
        yield "label is missing"
    if not _is_uuid(suggestion.get("uuid")):
        yield "uuid is no UUID"
    if suggestion.get("isRecommended"):
        yield "is preselected"
    if not isinstance(suggestion.get("actions"), list) or not suggestion["actions"]:
        yield "has no actions"
    for action in suggestion.get("actions", []):
        yield from (f"action: {problem}" for problem in _action(action, request))


def _ordered(action: JSON) -> str:
    return str(action.get("resource", {}).get("code"))


def _action(action: JSON, request: JSON) -> Iterator[str]:
    if action.get("type") != "create":
        yield "type is not create"
    if not _is_text(action.get("description")):
        yield "description is missing"
    if action.keys() - {"type", "description", "resource"}:
        yield "unknown member"
    resource = action.get("resource")
    if not isinstance(resource, dict) or resource.get("resourceType") != "ServiceRequest":
        yield "creates no ServiceRequest"
        return
    yield from _order(resource, f"Patient/{request['context']['patientId']}")


def _order(resource: JSON, patient: str) -> Iterator[str]:
    try:
        ServiceRequest.model_validate(resource)
    except ValidationError as error:
        yield f"the ServiceRequest is not valid R4: {error.errors()[0]['msg']}"
    if (resource.get("status"), resource.get("intent")) != ("draft", "proposal"):
        yield "not a draft proposal"
    if resource.get("subject") != {"reference": patient}:
        yield "the subject is not the patient"
    codings = resource.get("code", {}).get("coding", [])
    for coding in codings:
        if tuple(coding.get(name) for name in ("system", "code", "display")) not in _order_codes():
            yield "the code is not one of the order codes"
    if not codings:
        yield "the order has no code"


@cache
def _order_codes() -> frozenset[tuple[str, ...]]:
    with (CARDS / "value_sets" / "orders.csv").open(encoding="utf-8", newline="") as file:
        return frozenset((row["system"], row["code"], row["display"]) for row in csv.DictReader(file))


# --- our extension --------------------------------------------------------------------------------------------


def _extension(card: JSON, request: JSON) -> Iterator[str]:
    extension = card.get("extension")
    if not isinstance(extension, dict):
        yield "extension is missing"
        return
    known = {f"{_PREFIX}{name}" for name in ("findings", "chain", "card", "knowledge")}
    for name in sorted(extension.keys() - known):
        yield f"unknown extension {name}"
    kind = extension.get(f"{_PREFIX}card")
    if kind not in _KINDS:
        yield "the kind of card is not in the set"
    if not _is_text(extension.get(f"{_PREFIX}knowledge")):
        yield "the knowledge version is missing"
    chain = extension.get(f"{_PREFIX}chain")
    if chain is not None and (chain not in _chains() or kind != "main"):
        yield f"chain {chain} is unknown or not on a main card"
    findings = extension.get(f"{_PREFIX}findings", [])
    if kind != "data" and not any(finding.get("role") != "set-aside" for finding in findings):
        yield "a card that flags nothing"
    for finding in findings:
        yield from (f"finding {finding.get('row')}: {problem}" for problem in _finding(finding, request))
    if kind == "data" and f"{_PREFIX}findings" in extension:
        yield "a data card flags nothing"


def _finding(finding: JSON, request: JSON) -> Iterator[str]:
    if finding.keys() != {"row", "id", "role", "sources"}:
        yield "members are not row, id, role and sources"
        return
    if _rows().get(finding["row"]) != finding["id"]:
        yield f"id {finding['id']} does not belong to the row"
    if finding["role"] not in _ROLES:
        yield "the role is not in the set"
    if not finding["sources"]:
        yield "no sources"
    if len(finding["sources"]) != len(set(finding["sources"])):
        yield "a source is named twice"
    for source in finding["sources"]:
        if source not in given(request):
            yield f"{source} was not given"


def given(request: JSON) -> frozenset[str]:
    """How every resource of the prefetch is named: Type/id, else its fullUrl, else Type[place]."""
    return frozenset(name for value in request["prefetch"].values() if value for name in _names(value))


def _names(value: JSON) -> Iterator[str]:
    entries = (value.get("entry") or []) if value["resourceType"] == "Bundle" else [{"resource": value}]
    for place, entry in enumerate(entries):
        resource = (entry or {}).get("resource") or {}
        kind, identity = resource.get("resourceType"), resource.get("id")
        yield f"{kind}/{identity}" if identity else entry.get("fullUrl") or f"{kind}[{place}]"


@cache
def _rows() -> Mapping[str, str]:
    """Row -> id, from the clinicians' folder."""
    return {_front(path)["row"]: path.stem for path in (CARDS / "contributors").glob("*.md")}


@cache
def _chains() -> frozenset[str]:
    return frozenset(_front(path)["chain"] for path in (CARDS / "chains").glob("*.md"))


def _front(path: Path) -> JSON:
    loaded = yaml.load(path.read_text(encoding="utf-8").split("---\n")[1], yaml.BaseLoader)  # noqa: S506 - text only
    return dict(loaded)


# --- words ----------------------------------------------------------------------------------------------------


def _wording(card: JSON) -> Iterator[str]:
    summary, detail = str(card.get("summary")), str(card.get("detail"))
    labels = [link.get("label", "") for link in card.get("links", [])]
    labels += [each.get("label", "") for each in card.get("suggestions", [])]
    actions = [action for each in card.get("suggestions", []) for action in each.get("actions", [])]
    labels += [action.get("description", "") for action in actions]
    for text in (summary, detail, card.get("source", {}).get("label", ""), *labels):
        yield from (f"{what} in {text!r}" for what, pattern in _MARKUP.items() if pattern.search(text))
        yield from (f"forbidden wording: {found[0]}" for found in _FORBIDDEN.finditer(text))
        yield from (f"unfilled: {found[0]}" for found in _UNFILLED.finditer(text))
    if re.search(r"\\|&(?:lt|gt|amp);|\*\*|\n", summary):
        yield f"the summary is plain text, not Markdown: {summary!r}"
    yield from _paragraphs(detail)
    kind = card.get("extension", {}).get(f"{_PREFIX}card")
    if kind in _WORDS and words(detail) > _WORDS[kind]:
        yield f"{words(detail)} words; at most {_WORDS[kind]} on a card of kind {kind}"
    if "; not a diagnosis." not in detail:
        yield "does not say that it is no diagnosis"
    if kind in _WORDS and not re.search(r"\b[Ee]vidence:? (?:link )?[A-D]\b", detail):
        yield "shows no evidence grade"


def words(detail: str) -> int:
    """Words as a reader counts them: the dash of a list item is none."""
    return sum(1 for word in detail.split() if word not in ("-", "*"))


def _paragraphs(detail: str) -> Iterator[str]:
    """Single newlines collapse to spaces in the real client, but between list items."""
    for paragraph in detail.split("\n\n"):
        lines = paragraph.split("\n")
        if len(lines) > 1 and not all(line.startswith("- ") for line in lines):
            yield f"a line break that no client shows: {paragraph[:40]!r}"
        if not paragraph.strip():
            yield "an empty paragraph"


# --- all cards together ---------------------------------------------------------------------------------------


def _together(cards: list[JSON]) -> Iterator[str]:
    kinds = [card["extension"][f"{_PREFIX}card"] for card in cards]
    indicators = [card["indicator"] for card in cards]
    main = [indicator for kind, indicator in zip(kinds, indicators, strict=True) if kind == "main"]
    if kinds != sorted(kinds, key=_KINDS.index):
        yield f"cards are not in order: {kinds}"
    if main != sorted(main, key=_INDICATORS.index):
        yield f"main cards are not ranked: {main}"
    if main.count("info") > max(0, 2 - main.count("warning")):
        yield f"too many main cards: {main}"
    if kinds.count("also-consider") > (0 if main.count("warning") > 2 else 1):
        yield "too many also-consider cards"
    if kinds.count("data") > 1:
        yield "more than one data card"
    if any(card["indicator"] != "info" for kind, card in zip(kinds, cards, strict=True) if kind != "main"):
        yield "an also-consider or data card that is not info"
    if "critical" in main and any("Self-care" in card["detail"] for card in cards):
        yield "self-care beside a critical card"
    uuids = [card["uuid"] for card in cards]
    uuids += [each["uuid"] for card in cards for each in card.get("suggestions", [])]
    if len(uuids) != len(set(uuids)):
        yield "a uuid is used twice"
    rows = [each["row"] for card in cards for each in card["extension"].get(f"{_PREFIX}findings", [])]
    if len(rows) != len(set(rows)):
        yield f"a row is on two cards: {sorted(rows)}"
