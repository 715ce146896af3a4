"""How many words a card may have, and what gives way."""

from collections.abc import Iterable


def paragraphs(*parts: str) -> str:
    """Those that say something, apart."""
    return "\n\n".join(part for part in parts if part)


def count(texts: Iterable[str]) -> int:
    """How many words."""
    return sum(len(each.split()) for each in texts)


def in_room(optional: Iterable[str], room: int) -> list[str]:
    """Optional paragraphs as far as there is room, the first before the next; "" for those left out."""
    kept = []
    for each in optional:
        kept.append(each if count((each,)) <= room else "")
        room -= count(kept[-1:])
    return kept


def shortened(options: str, room: int) -> str:
    """Options are named most useful first: where many facts fill the card, the last ones are left to the rule sheet."""
    for mark in ("; ", ", "):
        while count((options,)) > room and (kept := _cut_at(mark, options)):
            options = f"{kept}."
    return options


def _cut_at(mark: str, options: str) -> str:
    """What stands before the last *mark* outside parentheses; "" when there is none."""
    kept = options.rpartition(mark)[0]
    while kept and kept.count("(") != kept.count(")"):
        kept = kept.rpartition(mark)[0]
    return kept
