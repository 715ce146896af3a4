"""Codes for a story, looked up in `cards/value_sets/`: what is not there is refused."""

import csv
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
VALUE_SETS = ROOT / "cards" / "value_sets"
FHIR = dict[str, Any]

_HL7 = "http://terminology.hl7.org/CodeSystem"
SYSTEMS = {
    "sct": "http://snomed.info/sct",
    "icd10cm": "http://hl7.org/fhir/sid/icd-10-cm",
    "icd10": "http://hl7.org/fhir/sid/icd-10",
    "rxnorm": "http://www.nlm.nih.gov/research/umls/rxnorm",
    "atc": "http://www.whocc.no/atc",
    "loinc": "http://loinc.org",
}


class Mistake(Exception):
    """A description that can't be used; the text says what to write instead."""


@cache
def _known() -> Mapping[tuple[str, str], tuple[str, str, str]]:
    """(system, code or lower-case display) -> (code, display, value set)."""
    found: dict[tuple[str, str], tuple[str, str, str]] = {}
    for path in sorted(VALUE_SETS.rglob("*.csv")):
        for row in _rows(path):
            told = (row["code"], row["display"], path.stem)
            found.setdefault((row["system"], row["code"]), told)
            found.setdefault((row["system"], row["display"].casefold()), told)
    return found


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if "system" in row and row["system"] and ";" not in row["code"]:
                yield row


def coded(what: str) -> tuple[FHIR, str]:
    """ "sct Ramipril 5mg capsules", or "icd10cm I70.222 Rest pain, left leg": its coding and its value set."""
    alias, _, named = what.partition(" ")
    if alias not in SYSTEMS:
        raise Mistake(f"{what}: begin with one of {', '.join(SYSTEMS)}")
    system = SYSTEMS[alias]
    code, _, words = named.partition(" ")
    if found := _known().get((system, named.casefold())) or (not words and _known().get((system, code))):
        return {"system": system, "code": found[0], "display": found[1]}, found[2]
    # a longer code of a listed family, and a code with other words, bring their own words along
    if words and (family := _family(system, code)):
        return {"system": system, "code": code, "display": words}, family
    raise Mistake(f"{what}: is in no file of cards/value_sets; look for its exact code or display there")


def _family(system: str, code: str) -> str | None:
    """The value set of the code itself, or of the nearest shorter one."""
    shorter = (_known().get((system, code[:length])) for length in range(len(code), 2, -1))
    return next((found[2] for found in shorter if found), None)


def concept(entry: Mapping[str, str]) -> FHIR:
    """The CodeableConcept of an entry: coded, in words, or both."""
    coding = [coded(each.strip())[0] for each in entry["code"].split(" + ")] if "code" in entry else []
    text = entry.get("text") or coding[0]["display"]
    return {"coding": coding, "text": text} if coding else {"text": text}


def hl7(system: str, code: str, display: str | None = None) -> FHIR:
    """The CodeableConcept of a term of one of HL7's small code systems."""
    coding = {"system": f"{_HL7}/{system}", "code": code}
    return {"coding": [{**coding, "display": display} if display else coding]}
