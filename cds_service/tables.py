"""What a rule's front matter names, gathered for the tables of its page: limits, value sets, analytes."""

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass

from cds_service.prose import LIMITS, Names, Raw, amount, members, walk


@dataclass(frozen=True, slots=True)
class Limit:
    """One row of the table of thresholds."""

    analyte: str
    limit: str


def limits(front: Mapping[str, Raw], names: Names) -> tuple[Limit, ...]:
    """Every limit that the file compares a value with, by analyte."""
    return tuple(dict.fromkeys(_limits(front, _compared(front), names)))


def _limits(raw: Raw, analyte: Raw, names: Names) -> Iterator[Limit]:
    if isinstance(raw, list):
        for each in raw:
            yield from _limits(each, analyte, names)
    if isinstance(raw, Mapping):
        analyte = next((raw[key] for key in ("of", "latest", "same_day") if key in raw), analyte)
        for key, value in raw.items():
            if key in LIMITS and analyte:
                yield Limit(names.any_of(analyte), LIMITS[key].format(amount(value)))
            else:
                yield from _limits(value, "glucose" if key == "same_sample" else analyte, names)


def named(front: Raw, of: Set[str]) -> tuple[str, ...]:
    """Which of these names (value sets, analytes) the file names; tests to order and ingredients are others."""
    found = (text for path, text in walk(front) if text in of and not _OTHERS & set(path))
    return tuple(dict.fromkeys(found))


_OTHERS = frozenset({"order", "ingredients", "is", "potency", "label", "say", "prescribed_for", "on_order"})


def _compared(front: Mapping[str, Raw]) -> str:
    """The analyte that limits without a head are for: the first that the file is about."""
    subjects = members(front.get("subject", []))
    found = (each.get("latest") or each.get("readings") for each in subjects)
    return next((str(members(each)[0]) for each in found if each), "")
