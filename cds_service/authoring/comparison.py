"""Whose cards change, and how, when the knowledge files change."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from cds_service.authoring.stories import Story, Told
from cds_service.hooks import Card

Effect = Literal[
    "appears", "disappears", "more urgent", "less urgent", "other draft orders", "reworded", "otherwise"
]

EFFECTS: Mapping[Effect, tuple[str, str]] = {
    "appears": ("card appears", "cards appear"),
    "disappears": ("card disappears", "cards disappear"),
    "more urgent": ("card becomes more urgent", "cards become more urgent"),
    "less urgent": ("card becomes less urgent", "cards become less urgent"),
    "other draft orders": ("card offers other draft orders", "cards offer other draft orders"),
    "reworded": ("card is reworded", "cards are reworded"),
    "otherwise": ("card changes otherwise", "cards change otherwise"),
}
_URGENCY = {"critical": 0, "warning": 1, "info": 2}
_ORDER = tuple(EFFECTS)


@dataclass(frozen=True, slots=True)
class CardChange:
    """
    One card of one patient, before and after; None where it is not there.

    *rule* is the row or chain it is about, "also-consider" or "data". *effect* is the weightiest of what changed.
    """

    rule: str
    effect: Effect
    before: Card | None
    after: Card | None

    @property
    def card(self) -> Card:
        """The card as it will be; a disappearing one as it was."""
        card = self.after or self.before
        if card is None:
            raise ValueError("a change has a card on one side at least")
        return card


@dataclass(frozen=True, slots=True)
class PatientChange:
    """One built-in patient whose answer changes; *is_reordered* when cards that stay change places."""

    story: Story
    cards: tuple[CardChange, ...]
    is_reordered: bool
    before: Told
    after: Told


def changes(
    patients: Iterable[Story], before: Mapping[str, Told], after: Mapping[str, Told]
) -> tuple[PatientChange, ...]:
    """The patients whose answer changes, the weightiest change first."""
    compared = (_patient(each, before[each.name], after[each.name]) for each in patients)
    return tuple(sorted((each for each in compared if each is not None), key=_weight))


def _weight(change: PatientChange) -> tuple[int, int, str]:
    urgency = min((_URGENCY[each.card.indicator] for each in change.cards), default=9)
    return urgency, min((_ORDER.index(each.effect) for each in change.cards), default=9), change.story.name


def _patient(story: Story, before: Told, after: Told) -> PatientChange | None:
    old, new = _by_rule(before.cards), _by_rule(after.cards)
    pairs = ((rule, old.get(rule), new.get(rule)) for rule in dict.fromkeys((*new, *old)))
    changed = tuple(each for each in (_card(*pair) for pair in pairs) if each is not None)
    moved = [rule for rule in old if rule in new] != [rule for rule in new if rule in old]
    refused = before.silence != after.silence and "refused" in f"{before.silence} {after.silence}"
    if not (changed or moved or refused):
        return None
    return PatientChange(story, changed, moved, before, after)


def _by_rule(cards: Iterable[Card]) -> dict[str, Card]:
    """Cards by what they are about; a second card about the same is "L01 (2)"."""
    found: dict[str, Card] = {}
    for card in cards:
        rule = code = card.source.topic.code if card.source.topic else ""
        count = 1
        while rule in found:
            count += 1
            rule = f"{code} ({count})"
        found[rule] = card
    return found


def _card(rule: str, before: Card | None, after: Card | None) -> CardChange | None:
    if before is None or after is None:
        return CardChange(rule, "appears" if before is None else "disappears", before, after)
    effect = _effect(before, after)
    return CardChange(rule, effect, before, after) if effect else None


def _effect(before: Card, after: Card) -> Effect | None:
    """The weightiest difference; the version of the knowledge, which every card carries, is none."""
    if before.indicator != after.indicator:
        return "more urgent" if _URGENCY[after.indicator] < _URGENCY[before.indicator] else "less urgent"
    if before.suggestions != after.suggestions:
        return "other draft orders"
    if (before.summary, before.detail) != (after.summary, after.detail):
        return "reworded"
    return "otherwise" if _rest(before) != _rest(after) else None


def _rest(card: Card) -> tuple[Any, ...]:
    extension = {key: value for key, value in card.extension.items() if key != "org.legcramps.knowledge"}
    return card.source.topic, card.links, card.override_reasons, extension


def rows(card: Card) -> dict[str, str]:
    """What a card flags or sets aside: role by row."""
    return {each["row"]: each["role"] for each in card.extension.get("org.legcramps.findings", ())}


def headline(changed: Iterable[PatientChange], patients: int) -> str:
    """ "3 of 60 built-in patients change: 1 card appears, 2 cards are reworded"."""
    found = list(changed)
    if not found:
        return f"No card changes for any of the {patients} built-in patients"
    effects = [each.effect for one in found for each in one.cards]
    counted = [
        f"{count} {EFFECTS[effect][count > 1]}" for effect in _ORDER if (count := effects.count(effect))
    ]
    verb = "changes" if len(found) == 1 else "change"
    told = f": {', '.join(counted)}" if counted else ""
    return f"{len(found)} of {patients} built-in patients {verb}{told}"
