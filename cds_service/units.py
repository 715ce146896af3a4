"""Units of laboratory results: which spellings mean the same unit, and which units can't be meant."""

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

_LONGEST = 60  # characters; longer ones are no units
_OR = " or "  # stands between two statements of one amount's unit that differ


class Measure(NamedTuple):
    """What a unit measures ("mol/l", "g/l", "n/l" for counts) and its size, as a power of ten of those."""

    of: str
    power: int


_BASES = {
    "mol": ("mol", "mols", "mole", "moles"),
    "eq": ("eq", "val", "equivalent", "equivalents"),
    "osm": ("osm", "osmol", "osmole", "osmoles"),
    "g": ("g", "gm", "gram", "grams", "gramm", "gramme", "grammes"),
    "l": ("l", "lt", "ltr", "liter", "liters", "litre", "litres", "litro"),
    "u": ("u", "iu", "ui", "ie", "unit", "units", "internationalunit", "internationalunits"),
    "kat": ("kat", "katal"),
    "min": ("min", "mn", "minute", "minutes"),
    "h": ("h", "hr", "hrs", "hour", "hours"),
    "d": ("d", "day", "days", "tag", "24h", "24hr", "24hrs", "24hour", "24hours", "24std"),
    "s": ("s", "sec", "second", "seconds"),
    "bsa": ("bsa",),
}
_BASE = {spelling: base for base, spellings in _BASES.items() for spelling in spellings}
_PREFIXES = {
    3: ("k", "kilo"),
    0: ("",),
    -1: ("d", "deci"),
    -2: ("c", "centi"),
    -3: ("m", "milli"),
    -6: ("u", "mc", "micro", "mikro"),
    -9: ("n", "nano"),
    -12: ("p", "pico"),
    -15: ("f", "femto"),
}
_POWERS = {spelling: power for power, spellings in _PREFIXES.items() for spelling in spellings}
_COUNTS = {
    **dict.fromkeys(("", "1", "#", "n", "cells", "cell", "count"), 0),
    **dict.fromkeys(("k", "thou", "thous", "thousand", "thousands", "tsd", "tausend", "th"), 3),
    **dict.fromkeys(("mill", "mio", "million", "millions", "mpt"), 6),
    **dict.fromkeys(("gpt", "giga", "mrd", "billion"), 9),
}
_VOLUMES = {"mm3": -6, "cumm": -6, "cmm": -6, "mmc": -6, "mmcubed": -6}  # powers of a litre
_PERCENT = frozenset({"%", "percent", "pct", "prozent"})

_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789-+")
_RAISED = re.compile("[⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺]+")
_NOTE = re.compile(r"\{[^{}]*\}")
_AREA = re.compile(  # the 1.73 square metres of body surface, in a dozen spellings
    r"\s*(?:/|\bper\b|[.*·])?\s*[\[({]*\s*1[.,]73[\s_.*-]*(?:square|sq\.?|qm)?[\s_]*/?\s*"
    r"(?:m(?:et(?:er|re)s?)?)?[\s_]*(?:sq|[\^*]*\s*-?2)?[\])}]*"
)
_AREA_AS_FACTOR = "/(173.10*-2.m2)"
_POWER_OF_TEN = re.compile(r"^[x×]?\s*10\s*(?:\*\*|[\^*'e(\[]|exp|\s)\s*[+]?0?(\d{1,2})\s*[)\]]?")
_LOST_CARET = re.compile(r"^[x×]?10(3|6|9)(?=/)")
_INVERSE = re.compile(r"[\s.·⋅•∙*x]{0,4}(?<![a-z])([a-z]+|24h|mm3)\s*(?:\^|\*\*)?\s*\(?-1\)?(?!\d)")
_PER = re.compile(r"\s*(?:/|\bper\b|\bpro\b)\s*")
_MASS_PERCENT = re.compile(r"^(m?g)s?\s*%$")
_DECILITRE = re.compile(r"\b100\s*ml\b")


def reading(unit: str) -> str:
    """
    The same text for every spelling of one unit, so that units are compared by it.

    UCUM codes and usual spellings alike: "mmol/L", "MMOL/L", "millimole per liter", "mmol·L-1" and
    "mmol/L{serum}" read the same, and so do units of the same size ("ng/mL" and "ug/L"). What is not
    understood reads as itself, without case, blanks and brackets.
    """
    return _reading(unit) if len(unit) <= _LONGEST else _plain(unit)


@lru_cache(maxsize=1024)
def _reading(unit: str) -> str:
    found = measure(unit)
    return f"{found.of}:{found.power}" if found else _plain(unit)


def measure(unit: str) -> Measure | None:
    """What a unit measures and how large it is; None when it is not understood."""
    return _measure(unit) if len(unit) <= _LONGEST else None


@lru_cache(maxsize=1024)
def _measure(unit: str) -> Measure | None:
    text = _written_out(unit)
    if text in _PERCENT:
        return Measure("%", 0)
    numerator, *divisors = text.split("/")
    top = _part(numerator, count=bool(divisors))
    below = [_part(divisor) for divisor in divisors]
    if top is None or not all(below) or len(divisors) > 2:
        return None
    parts = [part for part in below if part]
    return Measure("/".join((top.of, *(part.of for part in parts))), top.power - sum(p.power for p in parts))


def is_of_something_else(unit: str, usual: frozenset[str], *, of_any_size: bool = False) -> bool:
    """
    Whether *unit* can't be that of a result whose *usual* units (as `reading` gives them) are known.

    Another kind of amount (a potassium in mmol/day, platelets in fL), or one a thousand times away (a creatinine
    in mmol/L, an albumin in mg/L) unless it may be *of any size*: then another specimen or quantity is meant. A
    unit that is not understood says nothing.
    """
    found = measure(unit)
    known = [_measured(each) for each in usual if ":" in each]
    if found is None or not known:
        return False
    near = (each for each in known if of_any_size or abs(found.power - each.power) < 3)
    return not any(_kind(found) == _kind(each) for each in near)


def powers_apart(unit: str, others: frozenset[str]) -> int | None:
    """
    By how many powers of ten *unit* is larger than one of *others* (as `reading` gives them).

    None when something else sets it apart from them all.
    """
    found = measure(unit)
    known = [_measured(each) for each in sorted(others) if ":" in each] if found else []
    return next((found.power - each.power for each in known if found and found.of == each.of), None)


def stated(code: str, said: str) -> str:
    """
    The unit of an amount that carries a *code* and, in words, what is *said*.

    The one that is understood, or both with "or" between them when they are two different units: such an amount
    can be used only where the difference does not matter (a potassium in mmol/L or mEq/L).
    """
    if not code or not said:
        return code or said
    if measure(code) is None:
        return code if measure(said) is None else said
    return code if measure(said) in (None, measure(code)) else f"{code}{_OR}{said}"


def alternatives(unit: str) -> tuple[str, ...]:
    """The units that `stated` gave: one, or two that differ."""
    return tuple(unit.split(_OR, 1))


def _plain(unit: str) -> str:
    return re.sub(r"[\s\[\]:]", "", _decomposed(unit[:_LONGEST]))


def _decomposed(unit: str) -> str:
    """Small letters, accents apart, blanks squeezed, and cut again: one character may have become eighteen."""
    plain = unicodedata.normalize("NFKD", unit.replace("µ", "u").replace("μ", "u")).casefold()
    return " ".join(plain[:_LONGEST].split())


def _written_out(unit: str) -> str:
    """The unit in small letters with "/" as its only sign: no annotations, raised figures, inverse powers."""
    text = _RAISED.sub(lambda raised: f"^{raised[0].translate(_SUPERSCRIPTS)}", unit)
    text = _decomposed(text)
    text = text.replace("∕", "/").replace("⁄", "/").replace("−", "-").strip(" .,;")
    text = _MASS_PERCENT.sub(r"\1/dl", _DECILITRE.sub("dl", text.replace(_AREA_AS_FACTOR, "/bsa")))
    text = _NOTE.sub("", _AREA.sub("/bsa", text))
    text = _POWER_OF_TEN.sub(r"10*\1", text.strip())
    text = _LOST_CARET.sub(r"10*\1", text)
    text = _PER.sub("/", _INVERSE.sub(r"/\1", text))
    return re.sub(r"[\s()\[\].]|(?<=mm)[\^*](?=3)", "", text)


def _part(text: str, *, count: bool = False) -> Measure | None:
    """One part of a unit: a prefixed base unit, a volume, or (*count*) a number of things."""
    if count:
        ten = re.fullmatch(r"10\*(\d{1,2})(?:cells?)?", text)
        power = int(ten[1]) if ten else _COUNTS.get(text)
        if power is not None:
            return Measure("n", power)
    if text in _VOLUMES:
        return Measure("l", _VOLUMES[text])
    if text in _BASE:
        return Measure(_BASE[text], 0)
    for size in range(1, len(text)):
        base, power = _BASE.get(text[size:]), _POWERS.get(text[:size])
        if base is not None and power is not None and base not in ("d", "h", "min", "bsa"):
            return Measure(base, power)
    return None


def _kind(found: Measure) -> str:
    """Moles and equivalents of one substance are two scales of one kind."""
    return found.of.replace("eq", "mol")


def _measured(read: str) -> Measure:
    of, _, power = read.rpartition(":")
    return Measure(of, int(power))
