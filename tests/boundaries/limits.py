"""The limits that a knowledge file names, and the values beside them."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from tests.boundaries.values import Front, amount, analyte_file, days, many

# one value that no file objects to, in the first unit of the analyte's file
NORMAL = {
    "albumin": "42 g/L",
    "alcohol_audit_c": "0 {score}",
    "ankle_brachial_index": "1.05 {ratio}",
    "bmi": "22 kg/m2",
    "calcium_adjusted": "2.35 mmol/L",
    "calcium_ionized": "1.20 mmol/L",
    "calcium_total": "2.35 mmol/L",
    "creatine_kinase": "120 U/L",
    "creatinine": "80 umol/L",
    "egfr": "85 mL/min/{1.73_m2}",
    "ferritin": "150 ug/L",
    "free_t4": "15 pmol/L",
    "glucose": "5.5 mmol/L",
    "hba1c": "38 mmol/mol",
    "magnesium": "0.85 mmol/L",
    "phosphate": "1.10 mmol/L",
    "physical_activity_minutes_per_week": "150 min/wk",
    "platelets": "250 10*9/L",
    "potassium": "4.2 mmol/L",
    "potassium_pre_dialysis": "5.2 mmol/L",
    "sodium": "140 mmol/L",
    "transferrin_saturation": "30 %",
    "tsh": "2.0 mIU/L",
    "vitamin_d_25oh": "75 nmol/L",
}
ULN = {"creatine_kinase": "200 U/L"}
LIMITS = (
    "below",
    "at_most",
    "above",
    "at_least",
    "measured_below",
    "measured_above",
    "measured_at_least",
    "low",
    "high",
)


def limits(node: Any, about: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Every limit of a file with the analyte that it is for, wherever it stands."""
    if isinstance(node, list):
        for each in node:
            yield from limits(each, about)
    if not isinstance(node, dict):
        return
    head = node.get("latest") or node.get("same_day")
    own = [node["of"]] if isinstance(node.get("of"), str) else list(about)
    for key, value in node.items():
        named = many(head) if head and key in (*LIMITS, "same_sample") else own
        if key in LIMITS:
            yield from ((name, limit) for name in named for limit in many(value) if fits(name, limit))
        elif key == "same_sample":
            yield from limits(value, ["glucose"])
        else:
            yield from limits(value, own)


def fits(analyte: str, limit: str) -> bool:
    """Whether a limit is in a unit that the analyte is reported in."""
    unit = amount(limit)[1]
    return unit in [each["unit"] for each in analyte_file(analyte)["units"]] or (
        unit == "ULN" and analyte in ULN
    )


def measured(front: Front) -> list[str]:
    """The analytes that a file is about."""
    subjects = many(front["subject"])
    return [name for each in subjects for key in ("latest", "readings") for name in many(each.get(key))]


def step(limit: str) -> Decimal:
    """The smallest difference that matters beside a limit: its last decimal, at least tenths."""
    return Decimal(1).scaleb(min(-1, int(amount(limit)[0].as_tuple().exponent)))


def near(front: Front, analyte: str, part: Any = None) -> list[str]:
    """
    Values of one analyte just below, at and just above each limit; the normal one last.

    The limits are those of the file, or of one *part* of it.
    """
    found = []
    named = limits(front if part is None else part, measured(front))
    for limit in dict.fromkeys(each for name, each in named if name == analyte):
        number, unit = amount(limit)
        if unit == "ULN":
            upper, unit = amount(ULN[analyte])
            number *= upper
        found += [
            f"{each:f} {unit}" for each in (number - step(limit), number, number + step(limit)) if each >= 0
        ]
    return list(dict.fromkeys([*found, NORMAL[analyte]]))


# --- what else a file names -----------------------------------------------------------------------------------------


def plain(name: str) -> str:
    """A value set's name in words."""
    return name.replace("_", " ")


def walk(node: Any, key: str) -> Iterator[Any]:
    """What stands under one key anywhere in a file."""
    if isinstance(node, dict):
        yield from (node[key],) if key in node else ()
    for each in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from walk(each, key)


def judging(front: Front) -> Front:
    """The parts of a file that decide whether, and how urgently, it speaks."""
    keys = (
        "subject", "when", "safety", "critical_range", "context", "on_its_own", "set_aside", "red_flags", "overdue",
    )  # fmt: skip
    return {key: front[key] for key in keys if key in front}


def windows(front: Front, *keys: str) -> list[int]:
    """The days of every window of these words, in order."""
    found = {days(text) for key in keys for text in walk(judging(front), key) if isinstance(text, str)}
    return sorted(found)


def windows_of_given(front: Front) -> list[int]:
    """The windows beside `given`."""
    found = set()

    def look(node: Any) -> None:
        if isinstance(node, dict):
            if "given" in node:
                found.add(days(node["within"]))
            for each in node.values():
                look(each)
        elif isinstance(node, list):
            for each in node:
                look(each)

    look(judging(front))
    return sorted(found)


def keys_of(node: Any) -> set[str]:
    if isinstance(node, dict):
        return {*node, *(key for each in node.values() for key in keys_of(each))}
    return {key for each in node for key in keys_of(each)} if isinstance(node, list) else set()


def names(front: Front, *keys: str) -> list[str]:
    """All that stands under some keys in what decides whether a file speaks."""
    return named(judging(front), *keys)


def named(about: Front, *keys: str) -> list[str]:
    found: Sequence[Any] = [each for key in keys for value in walk(about, key) for each in many(value)]
    return list(dict.fromkeys(each for each in found if isinstance(each, str)))
