"""Dosage lines as written -> the dose a day."""

import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import lru_cache, wraps
from itertools import takewhile
from math import prod
from typing import TypeVar

from cds_service.names import word_set
from cds_service.quantity import Quantity
from cds_service.record import Concept, Dose

# not the second half of "20/12.5 mg", and no concentration ("10 mg/mL")
_STRENGTH = re.compile(
    r"(?<![\d.,])(?<!\d[-/])(?<!\d [-/])(?<!\d [-/] )(\d+(?:[.,]\d+)?) ?"
    r"(mg|mcg|micrograms?|µg|ug|g|units?|iu|mmol|meq)\b"
    r"(?! ?/ ?[\d.,]* ?(?:ml|dl|l|h|hr|hour|actuat|act|dose|kg|m2|g|day|d)\b)",
    re.IGNORECASE,
)
_UNITS = {
    "mg": "mg",
    "milligram": "mg",
    "milligrams": "mg",
    "g": "g",
    "gram": "g",
    "grams": "g",
    "ug": "ug",
    "mcg": "ug",
    "µg": "ug",
    "microgram": "ug",
    "micrograms": "ug",
    "u": "U",
    "unit": "U",
    "units": "U",
    "iu": "U",
    "[iu]": "U",
    "mmol": "mmol",
    "meq": "meq",
}
_FEW_LINES = 20
_MOST_LINES = 50  # nobody takes one medicine in so many ways: what a day adds up to is not known
_REMEMBERED = 1_024  # texts whose reading is kept, in memory only
_SHORT = 100  # characters of them
_MOST = Decimal(1_000_000)  # more of any unit is no dose
_PIECE = re.compile(r"\W*(?:(?:1|each|piece|\w*(?:tab|tbl|cap|pill)\w*)\W*)?", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]+|\d+")
# what is taken at a time, said again in milligrams: "2 tablets (40 mg total)"
_TOTAL = re.compile(
    r"(?:[\d.,/]+ ?(?:\(\w+\) ?)?[^\W\d_]+ ?)?\((\d+(?:[.,]\d+)?) ?"
    r"(mg|mcg|micrograms?|µg|ug|g|units?|iu|mmol|meq) total\)",
    re.IGNORECASE,
)
# units in the morning, at noon, in the evening and at night: "1-0-1", "1-0-0-0"
_ROUND = re.compile(r"(?<![\w.,/-])(\d) ?- ?(\d) ?- ?(\d)(?: ?- ?(\d))?(?! ?[\d/-]|\w|[.,]\d)")
_BY = re.compile(r"(?<![\w.,/-])(\d) ?[x×] ?(\d)(?![\w/-]|[.,]\d)", re.IGNORECASE)  # "1 x 1"
_EVERY_24_H = re.compile(
    r"\b(?:every|each|alle|cada|toutes les) 24 ?(?:h|hrs?|hours?|stunden|heures|horas)\b", re.IGNORECASE
)
_ONCE = re.compile(r"(?<![\w.,/-])(?:1 ?x|1 ?mal|1 fois|1 vez|1 time|1 \(one\) time)(?!\w)", re.IGNORECASE)
_SEVERAL = tuple(
    (times, re.compile(rf"(?<![\w.,/-])(?:{words})(?!\w)", re.IGNORECASE))
    for times, words in (
        (2, r"twice|2 ?x|2 ?mal|2 fois|2 veces|2 (?:\(two\) )?times|two times|zweimal|b\.?i\.?d\.?|b\.?d\.?"),
        (
            3,
            r"3 ?x|3 ?mal|3 fois|3 veces|3 (?:\(three\) )?times|three times|dreimal|t\.?i\.?d\.?|t\.?d\.?s\.?",
        ),
    )
)
_ONE = word_set("one 1 eine un une una")
_A_PIECE = word_set("""
    tablet tablets tab tabs capsule capsules cap caps pill pills tablette tabletten tbl kapsel cp comprime
    comprimé gelule gélule comprimido comprimidos cápsula capsula
""")
_IN_THE_MORNING = word_set("morning mane om qam breakfast morgens morgen früh matin mañana")
_IN_THE_EVENING = word_set(
    "evening night nightly on qpm qhs bedtime nocte abends abend nacht soir coucher noche"
)
# a text made of nothing else speaks of one dose a day
_ONCE_A_DAY = (
    _ONE
    | _A_PIECE
    | _IN_THE_MORNING
    | _IN_THE_EVENING
    | word_set("""
    take taken to be once a per each every day daily od qd in the at by mouth oral orally po inject
    subcutaneous subcutaneously sc dose of with food water
    nehmen täglich tgl tag pro am jeden zur einmal einnehmen
    prendre le par jour chaque fois au tous les jours
    tomar al día dia cada por la vez
""")
)


T = TypeVar("T")


def _kept(read: Callable[[str], T]) -> Callable[[str], T]:
    """*read* with its readings of short texts kept: prescriptions are worded in the same few ways."""
    known = lru_cache(maxsize=_REMEMBERED)(read)
    return wraps(read)(lambda text: known(text) if len(text) <= _SHORT else read(text))


def daily_dose(doses: Sequence[Dose], concept: Concept) -> Quantity | None:
    """
    The dose a day: dose times how often, else the strength of one unit of the product that is taken once a day.

    Dose lines of one entry add up, unless they are numbered as steps of different amounts. Amounts in tablets are
    multiplied by the strength. None when anything needed is unknown ("two tablets" in words: the strength would be
    half the dose), when it is not taken every day, or when the text holds more than one strength (a combination, or
    a tapering schedule).
    """
    strength = _strength(concept)
    if not doses:
        return strength
    lines = _once_each(doses)
    if len(lines) > _MOST_LINES:
        return None
    # as far as they are understood: one that isn't leaves the whole open
    known = [part for part in takewhile(bool, (_line(dose, strength) for dose in lines)) if part]
    if len(known) < len(lines) or len({part.unit for part in known}) > 1 or _are_steps(doses, known):
        return None
    return _daily(sum((part.value for part in known), Decimal(0)), known[0].unit)


def is_divided(doses: Sequence[Dose]) -> bool:
    """Whether the dose a day is taken at several times of the day, as far as the lines say."""
    often = (dose.per_day or _units_a_day(dose.text) or 1 for dose in doses[:_FEW_LINES])
    return len(_once_each(doses)) > 1 or any(times > 1 for times in often)


def _once_each(doses: Sequence[Dose]) -> list[Dose]:
    """Lines in words only once each: the same words twice are no second dose."""
    worded: dict[tuple[str, Decimal | None], Dose] = {}
    for dose in doses:
        if dose.amount is None:
            worded.setdefault((dose.text, dose.per_day), dose)
    return [dose for dose in doses if dose.amount is not None] + list(worded.values())


def _are_steps(doses: Sequence[Dose], parts: Sequence[Quantity]) -> bool:
    """Whether the lines follow each other (a titration): numbered apart, and not of one amount."""
    numbers = {dose.sequence for dose in doses if dose.sequence is not None}
    return len(numbers) > 1 and len({part.value for part in parts}) > 1


def _line(dose: Dose, strength: Quantity | None) -> Quantity | None:
    """One dosage line; without a timing its text, if there is one, must speak of once a day."""
    per_day, said = dose.per_day, _units_a_day(dose.text)
    if per_day is not None:
        per_day = round(per_day, 6)  # seven a week are one a day
        if per_day < 1 or per_day % 1:
            return None
    if dose.amount is not None:
        return _times(_of(dose, strength), per_day or (said if said == 1 else None))
    if total := _TOTAL.search(dose.text[:300]):
        return _times(
            _in_text(" ".join(total.groups())), per_day or _times_a_day(_TOTAL.sub(" ", dose.text[:300]))
        )
    if _in_text(dose.text):
        is_plain = said == 1 or _ROUND.search(dose.text[:300])
        return _times(_in_text(dose.text), said if is_plain and per_day in (None, 1) else None)
    return _times(strength, said if per_day is None or per_day == said else None)


def _of(dose: Dose, strength: Quantity | None) -> Quantity | None:
    """What is taken at a time, by an amount in units of mass or in pieces."""
    unit = _UNITS.get(dose.unit.casefold())
    if dose.amount is None:
        return None
    if unit:
        return Quantity(dose.amount, unit)
    return _times(strength, dose.amount) if _PIECE.fullmatch(dose.unit) else None


def _times(each: Quantity | None, times: Decimal | None) -> Quantity | None:
    return None if each is None or times is None else _daily(each.value * times, each.unit)


@_kept
def _units_a_day(text: str) -> Decimal | None:
    """How many tablets a day the words speak of; None when that is not plain. No words at all are one."""
    rest = _STRENGTH.sub(" ", text[:300])
    for counted in (_ROUND, _BY):
        if found := counted.search(rest):
            numbers = [Decimal(number) for number in found.groups() if number]
            units = sum(numbers) if counted is _ROUND else prod(numbers)
            return Decimal(units) if units and _is_once_a_day(counted.sub(" ", rest, count=1)) else None
    times = _times_a_day(rest)
    # "twice a day" of how many? only with "one"
    return times if times is None or times == 1 or _ONE & _words(_without_times(rest)) else None


def _times_a_day(text: str) -> Decimal | None:
    """How often a day the words say, None when that is not plain."""
    said = [times for times, pattern in _SEVERAL if pattern.search(text)]
    if len(said) > 1 or not _is_once_a_day(_without_times(text)):
        return None
    return Decimal(said[0] if said else 1)


def _without_times(text: str) -> str:
    for _, pattern in _SEVERAL:
        text = pattern.sub(" ", text)
    return _ONCE.sub(" daily ", _EVERY_24_H.sub(" daily ", text))


def _is_once_a_day(text: str) -> bool:
    """Whether it says nothing but one piece once a day; morning and evening are twice."""
    said = _words(text)
    pieces = [word for word in _WORD.findall(text.casefold()) if word in _A_PIECE]
    twice = said & _IN_THE_MORNING and said & _IN_THE_EVENING
    return said <= _ONCE_A_DAY and not twice and len(pieces) < 2


def _words(text: str) -> set[str]:
    return {word.casefold() for word in _WORD.findall(text)}


def _strength(concept: Concept) -> Quantity | None:
    return next((found for found in map(_in_text, concept.words()) if found), None)


@_kept
def _in_text(text: str) -> Quantity | None:
    """The only strength named in *text*; None when there is none, or more than one."""
    found = {(number.replace(",", "."), unit.casefold()) for number, unit in _STRENGTH.findall(text[:300])}
    if len(found) != 1:
        return None
    number, unit = found.pop()
    return _daily(Decimal(number), _UNITS.get(unit, unit))


def _daily(value: Decimal, unit: str) -> Quantity | None:
    """Without an exponent or trailing zeros: 80, not 8E+1 or 80.0; None for what can't be a dose."""
    if not Decimal("0.001") <= value <= _MOST:
        return None
    rounded = round(value, 3).normalize()
    return Quantity(rounded.quantize(Decimal(1)) if rounded == rounded.to_integral() else rounded, unit)
