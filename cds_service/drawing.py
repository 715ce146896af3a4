"""Facts and judgements -> the picture: lanes in the order of the cards, shades, contributors and what is not drawn."""

from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from msgspec.structs import replace

from cds_service import captions, phrases
from cds_service.advise import Advice
from cds_service.dates import Span
from cds_service.facts import Fact, Facts, LabResult, Timing, Unusable
from cds_service.findings import Judgement, SetAside
from cds_service.knowledge import Knowledge
from cds_service.lanes import lanes, of_analyte, of_concept, of_drug
from cds_service.timeline import Lane, Line, Linked, NotDrawn, Shade, Timeline
from cds_service.timing import PLAUSIBLE, STRONG

_MOST_MARKS = 1500  # of one picture; more, and a browser is slow and nobody sees anything
_MOST_SAID = 20  # lines of one contributor
_MOST_NOT_DRAWN = 100  # lines of one kind
_LISTS = {
    "patient": "the patient's age and sex",
    "conditions": "diagnoses",
    "medicationStatements": "medicines taken",
    "medicationRequests": "prescriptions",
    "labs": "laboratory results",
    "glucose": "glucose results",
    "observations": "other observations",
    "serviceRequests": "orders",
    "encounters": "visits",
    "questionnaireResponses": "answers to questionnaires",
}
_ONLY_A_PART = "only a part came"
_NOT_ALLOWED = "the record system did not allow it"
_CAME = {
    "more": _ONLY_A_PART,
    "stray-next": _ONLY_A_PART,
    "partly-withheld": _ONLY_A_PART,
    "status-401": _NOT_ALLOWED,
    "status-403": _NOT_ALLOWED,
    "withheld": _NOT_ALLOWED,
    "timeout": "the record system took too long",
}
_ALONE = "matters only beside other findings"
_URGENCY = {"critical": "critical", "warning": "warning", "info": "information"}  # as the page words cards

_Place = tuple[str, int]  # a lane's id, and which of its marks


@dataclass(frozen=True, slots=True)
class _Link:
    """A contributor before its marks have names; *places* are those marks; *card* is None where it is on none."""

    judgement: Judgement
    told: Mapping[str, Any]
    role: str
    card: Mapping[str, Any] | None
    places: tuple[_Place, ...]

    @property
    def chain(self) -> str:
        """The chain that it is told with."""
        return (self.card["chain"] or "") if self.card else ""


def draw(
    facts: Facts,
    knowledge: Knowledge,
    advice: Advice,
    told: Mapping[str, Any],
    fetched: Mapping[str, str],
) -> Timeline:
    """
    Draw what was recognised, the same whatever the order of the entries.

    *told* is the trace of the same *advice*, in which no contributor was judged where none was asked;
    *fetched* are the codes of what the FHIR server was asked for. Of more than 1,500 marks the full lanes lose their
    oldest ones, those of contributors last; `not_drawn` says how many.
    """
    found = lanes(facts, knowledge)
    links = _links(advice, told, found)
    first = list(dict.fromkeys(lane for each in links for lane, _ in each.places))
    found.sort(key=lambda each: first.index(each.id) if each.id in first else len(first))
    found.sort(key=lambda each: each.kind != "cramps")
    kept, names = _kept(found, {place for each in links for place in each.places})
    return Timeline(
        today=facts.today,
        onset=_line(facts),
        shades=tuple(_shades(facts)),
        lanes=tuple(kept),
        contributors=tuple(_linked(each, names, facts, knowledge) for each in links),
        not_drawn=(*_crowded(found, kept), *_not_drawn(facts, knowledge, told), *_lists(told, fetched)),
    )


# --- the cramps -------------------------------------------------------------------------------------------------


def _line(facts: Facts) -> Line | None:
    onset = facts.onset
    if onset is None:
        return None
    begins = onset.on.last if onset.on.first == date.min else onset.on.first
    return Line(begins, onset.on.last, phrases.onset(facts), onset.is_stated and not onset.doubt)


def _shades(facts: Facts) -> Iterator[Shade]:
    """
    The days on which a start is of one class for certain, as `timing` counts them.

    Between the first and the last day of an onset that is not known to the day nothing can be told.
    """
    onset = facts.onset
    if onset is None:
        return
    first, last = onset.on.first, onset.on.last
    # a start of the day on which a report was written down is after the cramps; of the day they began it is not
    before, after = (first, _moved(last, 1)) if onset.is_stated else (_moved(first, -1), last)
    strong, plausible = _moved(last, -STRONG), _moved(last, -PLAUSIBLE)
    for shade in (
        Shade(
            "plausible", plausible, min(_moved(strong, -1), before), "began 91 to 365 days before the cramps"
        ),
        Shade("strong", strong, before, "began 0 to 90 days before the cramps"),
        Shade("after", after, facts.today, "began after the cramps"),
    ):
        if shade.begins <= shade.ends:
            yield shade


def _moved(day: date, days: int) -> date:
    return Span.of(day).plus(days).first


# --- marks ---------------------------------------------------------------------------------------------------


def _kept(found: Sequence[Lane], linked: Container[_Place]) -> tuple[list[Lane], dict[_Place, str]]:
    """The lanes with as many marks as there is room for, and the names of these."""
    most = _share([len(each.marks) for each in found])
    kept, names = [], dict[_Place, str]()
    for lane in found:
        by_worth = sorted(range(len(lane.marks)), key=lambda each: ((lane.id, each) not in linked, -each))
        places = sorted(by_worth[:most])
        for place in places:
            names[lane.id, place] = f"m{len(names) + 1}"
        marks = tuple(replace(lane.marks[place], id=names[lane.id, place]) for place in places)
        kept.append(replace(lane, marks=marks))
    return kept, names


def _share(sizes: Sequence[int]) -> int:
    """How many marks a lane may have, so that those with few keep all."""
    room = _MOST_MARKS
    for place, size in enumerate(sorted(sizes)):
        share = room // (len(sizes) - place)
        if size > share:
            return share
        room -= size
    return max(sizes, default=0)


def _crowded(found: Sequence[Lane], kept: Sequence[Lane]) -> Iterator[NotDrawn]:
    for lane, drawn in zip(found, kept, strict=True):
        if more := len(lane.marks) - len(drawn.marks):
            yield NotDrawn(f"{lane.label}: {more} earlier entries, too many for one picture")


# --- contributors -----------------------------------------------------------------------------------------------


def _links(advice: Advice, told: Mapping[str, Any], found: Iterable[Lane]) -> list[_Link]:
    """Whoever speaks or was set aside, in the order of the cards, then the rest."""
    on_cards: dict[str, Mapping[str, Any]] = {}
    for card, shown in zip(told["cards"], advice.cards, strict=True):
        for row in card["rows"]:
            on_cards.setdefault(row, {**card, "words": f"{shown.summary} {shown.detail or ''}".casefold()})
    places = _places(found)
    made = []
    for judgement, said in zip(advice.judged, told["considered"], strict=True):
        if judgement.finding or judgement.set_aside:
            card = on_cards.get(said["row"])
            role = card["rows"][said["row"]] if card else _role(judgement)
            marked = (place for fact in _facts(judgement) for place in _marks(fact, places))
            made.append(_Link(judgement, said, role, card, tuple(dict.fromkeys(marked))))
    order = {row: place for place, row in enumerate(on_cards)}
    return sorted(made, key=lambda each: order.get(each.told["row"], len(order)))


def _role(judgement: Judgement) -> str:
    """What it is off the cards: what speaks only within a chain is set aside where there is none."""
    finding = judgement.finding
    return finding.role if finding and finding.level != "in_chain" else "set-aside"


def _facts(judgement: Judgement) -> Iterator[Fact]:
    if judgement.finding:
        yield from judgement.finding.facts  # what else met its criteria has a lane, and is no contributor by that
    for each in judgement.set_aside:
        yield each.fact


def _places(found: Iterable[Lane]) -> Mapping[tuple[str, str], list[int]]:
    """Which marks of a lane were read from an entry."""
    places: dict[tuple[str, str], list[int]] = defaultdict(list)
    for lane in found:
        for place, mark in enumerate(lane.marks):
            for source in mark.sources:
                places[lane.id, source].append(place)
    return places


def _marks(fact: Fact, places: Mapping[tuple[str, str], list[int]]) -> Iterator[_Place]:
    """The marks of one fact: of a course that only continues another drug those of both."""
    if isinstance(fact, Timing):
        named = [of_drug(each) for each in (fact.exposure.ingredient, *fact.replaced)]
        wanted = [(lane, source) for lane in named for source in fact.sources]
    elif isinstance(fact, LabResult):
        used = (fact, fact.companion) if fact.companion else (fact,)
        wanted = [(of_analyte(each.analyte), each.source) for each in used]
    else:
        wanted = [(of_concept(fact.concept), fact.source)]
    return ((lane, place) for lane, source in wanted for place in places.get((lane, source), ()))


def _linked(link: _Link, names: Mapping[_Place, str], facts: Facts, knowledge: Knowledge) -> Linked:
    told = link.told
    return Linked(
        row=told["row"],
        id=told["id"],
        label=told["label"],
        role=link.role,
        level=told["level"] or "",
        chain=link.chain,
        standing=_standing(link, knowledge),
        says=tuple(dict.fromkeys(_says(link, facts, knowledge)))[:_MOST_SAID],
        marks=tuple(names[each] for each in link.places if each in names),
    )


def _says(link: _Link, facts: Facts, knowledge: Knowledge) -> Iterator[str]:
    """What it rests on, then what was set aside; of a fact that is both only how it is told."""
    finding, dropped = link.judgement.finding, link.judgement.set_aside
    met = finding.facts if finding else ()
    if link.role == "set-aside":
        alone = tuple(SetAside(link.judgement.contributor, fact, _ALONE) for fact in met)
        met, dropped = (), dropped or alone
    for each in met:
        yield captions.fact(each, facts, knowledge)
    for aside in dropped:
        if aside.fact not in met:
            yield captions.set_aside(aside, facts, knowledge)


def _standing(link: _Link, knowledge: Knowledge) -> str:
    """How it is told: by the card that it is on, whose urgency need not be its own; "" where it is on none."""
    if link.role == "set-aside":
        return "set aside"
    safety = "safety" if link.role == "safety" else ""
    return ", ".join(filter(None, (safety, _on_card(link, link.card, knowledge) if link.card else "")))


def _on_card(link: _Link, card: Mapping[str, Any], knowledge: Knowledge) -> str:
    if card["card"] == "also-consider":
        return "also consider"
    urgency = _URGENCY[card["indicator"]]
    if not link.chain:
        return urgency
    if not _is_named(link, card["words"], knowledge):
        return f"considered with {link.chain}, not told"
    is_own = link.told["level"] == card["indicator"]
    return f"{urgency}, told with {link.chain}" if is_own else f"on the {urgency} card ({link.chain})"


def _is_named(link: _Link, words: str, knowledge: Knowledge) -> bool:
    """Whether a card names any of it."""
    met = link.judgement.finding.facts if link.judgement.finding else ()
    return any(captions.name(each, knowledge).casefold() in words for each in met)


# --- what is not drawn ------------------------------------------------------------------------------------------


def _not_drawn(facts: Facts, knowledge: Knowledge, told: Mapping[str, Any]) -> Iterator[NotDrawn]:
    """Results that were not used, and what could not be read."""
    yield from _some([_unusable(each, knowledge) for each in facts.unusable], "results that were not used")
    unread = sorted((each["sources"][0], each["why"]) for each in told["unread"])
    said = [NotDrawn(f"{source} could not be read: {why}", (source,)) for source, why in unread]
    yield from _some(said, "entries that could not be read")


def _lists(told: Mapping[str, Any], fetched: Mapping[str, str]) -> Iterator[NotDrawn]:
    """Lists that did not come, or not in whole, and why."""
    failed = {key: _CAME.get(code, "did not come") for key, code in fetched.items() if code != "ok"}
    why = {
        **dict.fromkeys(told["cut_off"], "possibly only a part came"),
        **dict.fromkeys(told["missing"], "did not come"),
        **failed,
    }
    for key in sorted(why, key=lambda each: list(_LISTS).index(each) if each in _LISTS else len(_LISTS)):
        yield NotDrawn(f"{phrases.capital(_LISTS.get(key, key))}: {why[key]}", is_list=True)


def _unusable(result: Unusable, knowledge: Knowledge) -> NotDrawn:
    when = f"of {result.taken}" if result.taken else "without a date"
    return NotDrawn(f"{knowledge.analytes[result.analyte].label} {when}: {result.why}", (result.source,))


def _some(said: Sequence[NotDrawn], what: str) -> Iterator[NotDrawn]:
    yield from said[:_MOST_NOT_DRAWN]
    if len(said) > _MOST_NOT_DRAWN:
        yield NotDrawn(f"and {len(said) - _MOST_NOT_DRAWN} more {what}")
