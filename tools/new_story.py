"""
Write the folder of a new story from a compact description: python tools/new_story.py DESCRIPTION.yaml…

Afterwards `story.md` and `request.json` are the source of truth and are edited by hand; a folder that exists is left alone
unless --again is given. A code is named as "SYSTEM CODE" or "SYSTEM DISPLAY" and must be in `cards/value_sets/`.

    story: furosemide-low-potassium
    title: Furosemide raised, then cramps with low potassium
    today: 2026-06-15
    given: A woman of 78 …
    when: Her doctor opens the chart on 15 June 2026.
    then: One warning …
    place: uk
    person: Ada female 1948-02-03
    diagnoses:
      - {code: icd10cm G47.62, text: Night cramps, onset: 2026-05-05, recorded: 2026-05-19}
    drugs:
      - {code: sct Furosemide 40mg tablets, from: 2026-04-20, dose: 40 mg, how: One in the morning, as: statement}
    results:
      - {on: 2026-06-08 08:15, of: ["loinc 2823-3 = 3.1 mmol/L (3.5 to 5.3)"]}
    orders:
      - {code: loinc 2823-3, on: 2026-06-14}
    visits: [2025-04-02]
"""

import csv
import json
import re
import sys
import textwrap
import zlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import yaml

ROOT = Path(__file__).resolve().parents[1]
FIXTURES = ROOT / "fixtures"
VALUE_SETS = ROOT / "cards" / "value_sets"
FHIR = dict[str, Any]

_HL7 = "http://terminology.hl7.org/CodeSystem"
_UCUM = "http://unitsofmeasure.org"
_SYSTEMS = {
    "sct": "http://snomed.info/sct",
    "icd10cm": "http://hl7.org/fhir/sid/icd-10-cm",
    "icd10": "http://hl7.org/fhir/sid/icd-10",
    "rxnorm": "http://www.nlm.nih.gov/research/umls/rxnorm",
    "atc": "http://www.whocc.no/atc",
    "loinc": "http://loinc.org",
}
# server, offset from UTC, country, who opens the chart, how medicines are listed
_PLACES = {
    "uk": ("https://fhir.testpractice.example/r4", "+01:00", "GB", "dr-okafor", "statement"),
    "us": ("https://ehr.testclinic.example/api/FHIR/R4", "-04:00", "US", "dr-rivera", "request"),
    "de": ("https://kis.testklinik.example/fhir/r4", "+02:00", "DE", "dr-muster", "statement"),
}
_GROUPS = {"conditions": "Condition", "medicationStatements": "MedicationStatement",
           "medicationRequests": "MedicationRequest", "labs": "Observation", "glucose": "Observation",
           "observations": "Observation", "serviceRequests": "ServiceRequest"}  # fmt: skip
_OBSERVED = frozenset({"body_weight", "smoking_status", "symptom_report", "pregnancy_status"})
_RESULT = re.compile(
    r"(?P<what>.+?) = (?P<word><=|>=|<|>)?(?P<number>[\d.]+)(?: (?P<unit>[^\s(;]+))?"
    r"(?: \((?P<low>[\d.]+)?(?P<range> to )?(?P<high>[\d.]+)?\))?(?:; (?P<note>.+))?"
)
# what every visit of the last years left behind: unremarkable, and of no interest to the service
_VISIT = (
    "loinc 718-7 = {} g/dL (12.0 to 16.0)|135",
    "loinc 1742-6 = {} U/L (5 to 40)|22",
    "loinc 29463-7 = {} kg|74",
)


class Mistake(Exception):
    """A description that can't be used; the text says what to write instead."""


# --- codes ----------------------------------------------------------------------------------------------------


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


def _coded(what: str) -> tuple[FHIR, str]:
    """ "sct Ramipril 5mg capsules" or "icd10cm I70.222 Rest pain, left leg" -> its coding and its value set."""
    alias, _, term = what.partition(" ")
    system = _SYSTEMS.get(alias)
    if system is None:
        raise Mistake(f"{what}: begin with one of {', '.join(_SYSTEMS)}")
    code, _, display = term.partition(" ")
    found = _known().get((system, term.casefold())) or _known().get((system, code))
    if found and found[0] == code and display:
        return {"system": system, "code": code, "display": display}, found[2]
    if found and (found[0] == term or found[1].casefold() == term.casefold()):
        return {"system": system, "code": found[0], "display": found[1]}, found[2]
    parent = next(
        (_known()[system, code[:n]] for n in range(len(code), 2, -1) if (system, code[:n]) in _known()), None
    )
    if parent and display:  # a longer code of a listed family brings its own words
        return {"system": system, "code": code, "display": display}, parent[2]
    raise Mistake(f"{what}: is in no file of cards/value_sets; look for its exact code or display there")


def _concept(entry: Mapping[str, str]) -> FHIR:
    """The CodeableConcept of an entry: coded, in words, or both."""
    coding = [_coded(each.strip())[0] for each in entry["code"].split(" + ")] if "code" in entry else []
    text = entry.get("text") or coding[0]["display"]
    return {"coding": coding, "text": text} if coding else {"text": text}


def _of(system: str, code: str, display: str) -> FHIR:
    return {"coding": [{"system": f"{_HL7}/{system}", "code": code, "display": display}]}


# --- one story --------------------------------------------------------------------------------------------------


class Chart:
    """The request of one story in the making."""

    def __init__(self, told: Mapping[str, Any]) -> None:
        self.told = told
        self.server, self.zone, self.country, self.doctor, self.listed_as = _PLACES[told.get("place", "uk")]
        self.number = 1000 + zlib.crc32(told["story"].encode()) % 9000
        self.name, self.gender, self.born = told["person"].split()
        self.entries: dict[str, list[FHIR]] = {key: [] for key in _GROUPS}
        self.count = 0

    def request(self) -> FHIR:
        """The body of the hook call."""
        for entry in self.told.get("diagnoses", ()):
            self._add("conditions", self._condition(entry), entry)
        for entry in self.told.get("drugs", ()):
            self._drug(entry)
        for sample in (*self.told.get("results", ()), *self._visits()):
            self._sample(sample)
        for entry in self.told.get("orders", ()):
            self._add("serviceRequests", self._order(entry), entry)
        prefetch: FHIR = {"patient": self._patient()}
        for key in _GROUPS:
            prefetch[key] = self._bundle(key)
        return {
            "hookInstance": str(uuid5(NAMESPACE_URL, self.told["story"])),
            "hook": "patient-view",
            "fhirServer": self.server,
            "context": {"userId": f"Practitioner/{self.doctor}", "patientId": self._id},
            "prefetch": {
                key: value for key, value in prefetch.items() if key not in self.told.get("unsent", ())
            },
        }

    @property
    def _id(self) -> str:
        return f"pt-{self.number}"

    @property
    def _subject(self) -> FHIR:
        return {"reference": f"Patient/{self._id}", "display": f"{self.name} Testwell"}

    def _patient(self) -> FHIR:
        told = f"{self.name} Testwell (synthetic), born {self.born}"
        return {
            "resourceType": "Patient",
            "id": self._id,
            "meta": {"versionId": "3", "lastUpdated": self._at("2026-05-04", "09:12:44.103")},
            "text": {
                "status": "generated",
                "div": f'<div xmlns="http://www.w3.org/1999/xhtml"><p>{told}</p></div>',
            },
            "identifier": [
                {
                    "use": "usual",
                    "type": _of("v2-0203", "MR", "Medical record number"),
                    "system": f"{self.server}/mrn",
                    "value": f"SYN-{self.number}",
                }
            ],
            "active": True,
            "name": [{"use": "official", "family": "Testwell", "given": [self.name]}],
            "telecom": [{"system": "phone", "value": "555 0100", "use": "home"}],
            "gender": self.gender,
            "birthDate": self.born,
            "address": [
                {"use": "home", "line": ["1 Example Street"], "city": "Testville", "country": self.country}
            ],
            "generalPractitioner": [{"reference": f"Practitioner/{self.doctor}"}],
        }

    def _at(self, day: str, time: str = "") -> str:
        """A full day with its time and zone; what is less than a full day stays as it is."""
        day, _, own = day.partition(" ")
        time = time or (f"{own}:00" if own else "")
        return f"{day}T{time}{self.zone}" if time and len(day) == len("2026-06-15") else day

    def _add(self, key: str, resource: FHIR, entry: Mapping[str, Any]) -> None:
        self.count += 1
        words = re.findall(r"[a-z0-9]+", str(entry.get("id") or _name_of(resource)).casefold())
        head = {"resourceType": resource.pop("resourceType"), "id": f"{'-'.join(words[:2])}-{self.count}"}
        head["meta"] = {"versionId": "1", "lastUpdated": self._at(self.told["today"], "06:02:11.000")}
        self.entries[key].append({**head, **resource})

    def _bundle(self, key: str) -> FHIR:
        kind = _GROUPS[key]
        entries = [
            {
                "fullUrl": f"{self.server}/{each['resourceType']}/{each['id']}",
                "resource": each,
                "search": {"mode": "match" if each["resourceType"] == kind else "include"},
            }
            for each in self.entries[key]
        ]
        return {
            "resourceType": "Bundle",
            "id": f"{self._id}-{key.casefold()}",
            "meta": {"lastUpdated": self._at(self.told["today"], "08:40:11.000")},
            "type": "searchset",
            "total": sum(each["search"]["mode"] == "match" for each in entries),
            "link": [{"relation": "self", "url": f"{self.server}/{kind}?patient={self._id}&_sort=-date"}],
            "entry": entries,
        }

    # --- diagnoses, medicines, orders

    def _condition(self, entry: Mapping[str, str]) -> FHIR:
        status, verified = entry.get("status", "active"), entry.get("verification", "confirmed")
        made: FHIR = {
            "resourceType": "Condition",
            "clinicalStatus": _of("condition-clinical", status, status.capitalize()),
            "verificationStatus": _of("condition-ver-status", verified, verified.capitalize()),
            "category": [_of("condition-category", entry.get("category", "problem-list-item"), "")],
            "code": _concept(entry),
            "subject": self._subject,
            "onsetDateTime": entry.get("onset"),
            "abatementDateTime": entry.get("ended"),
            "recordedDate": entry.get("recorded") or entry.get("onset"),
            "recorder": {"reference": f"Practitioner/{self.doctor}"},
            "bodySite": [{"text": entry["body"]}] if "body" in entry else None,
            "note": [{"text": entry["note"]}] if "note" in entry else None,
        }
        del made["category"][0]["coding"][0]["display"]
        return _given(made)

    def _drug(self, entry: Mapping[str, Any]) -> None:
        as_request = entry.get("as", self.listed_as) == "request"
        key = "medicationRequests" if as_request else "medicationStatements"
        for day in entry.get("refills") or [entry.get("from")]:
            made = self._prescription(entry, day) if as_request else self._statement(entry)
            self._name_medicine(made, entry, key)
            self._add(key, made, {"id": entry.get("id") or _concept(entry)["text"]})

    def _name_medicine(self, made: FHIR, entry: Mapping[str, Any], key: str) -> None:
        """The medicine in place, contained, or as an entry of its own that the search brought along."""
        held = entry.get("in")
        if held is None:
            made["medicationCodeableConcept"] = _concept(entry)
            return
        medicine: FHIR = {"resourceType": "Medication", "id": "medicine", "code": _concept(entry)}
        if held == "contained":
            made["contained"] = [medicine]
            made["medicationReference"] = {"reference": "#medicine"}
            return
        self._add(key, medicine, {"id": f"medication {_concept(entry)['text']}"})
        made["medicationReference"] = {"reference": f"Medication/{self.entries[key][-1]['id']}"}

    def _statement(self, entry: Mapping[str, Any]) -> FHIR:
        period = {"start": self._at(entry["from"]) if "from" in entry else None, "end": entry.get("to")}
        return _given(
            {
                "resourceType": "MedicationStatement",
                "status": entry.get("status", "completed" if "to" in entry else "active"),
                "subject": self._subject,
                "effectivePeriod": _given(period) or None,
                "dateAsserted": entry.get("asserted") or entry.get("from"),
                "reasonCode": [{"text": entry["reason"]}] if "reason" in entry else None,
                "dosage": [self._dosage(entry)],
            }
        )

    def _prescription(self, entry: Mapping[str, Any], day: str | None) -> FHIR:
        supply = {"value": _Number(entry.get("supply", "90")), "unit": "days", "system": _UCUM, "code": "d"}
        return _given(
            {
                "resourceType": "MedicationRequest",
                "status": entry.get("status", "active"),
                "intent": entry.get("intent", "order"),
                "category": [_of("medicationrequest-category", "community", "Community")],
                "subject": self._subject,
                "authoredOn": self._at(day) if day else None,
                "requester": {"reference": f"Practitioner/{self.doctor}"},
                "reasonCode": [{"text": entry["reason"]}] if "reason" in entry else None,
                "dosageInstruction": [self._dosage(entry)],
                "dispenseRequest": _given(
                    {
                        "validityPeriod": {"start": day, "end": entry["to"]} if "to" in entry else None,
                        "numberOfRepeatsAllowed": _Number(entry.get("repeats", "0")),
                        "expectedSupplyDuration": supply,
                    }
                ),
            }
        )

    def _dosage(self, entry: Mapping[str, Any]) -> FHIR:
        made: FHIR = {"text": entry.get("how", "As directed"), "route": {"text": entry.get("route", "Oral")}}
        if "dose" in entry:
            amount, unit = entry["dose"].split()
            repeat = {
                "frequency": _Number(entry.get("times", "1")),
                "period": _Number("1"),
                "periodUnit": "d",
            }
            made["timing"] = {"repeat": repeat}
            code = {"system": _UCUM, "code": unit} if unit in ("mg", "g", "ug") else {}
            made["doseAndRate"] = [{"doseQuantity": {"value": _Number(amount), "unit": unit, **code}}]
        return made

    def _order(self, entry: Mapping[str, str]) -> FHIR:
        return {
            "resourceType": "ServiceRequest",
            "status": entry.get("status", "active"),
            "intent": "order",
            "code": _concept(entry),
            "subject": self._subject,
            "authoredOn": self._at(entry["on"]),
            "requester": {"reference": f"Practitioner/{self.doctor}"},
        }

    # --- results

    def _visits(self) -> Iterator[Mapping[str, Any]]:
        for turn, day in enumerate(self.told.get("visits", ())):
            written = [each.split("|") for each in _VISIT]
            values = (
                f"{(int(usual) + turn) / 10:.1f}" if usual == "135" else str(int(usual) + turn)
                for _, usual in written
            )
            yield {
                "on": f"{day} 09:30",
                "of": [text.format(value) for (text, _), value in zip(written, values, strict=True)],
            }

    def _sample(self, sample: Mapping[str, Any]) -> None:
        for line in sample["of"]:
            read = _RESULT.fullmatch(line)
            if read is None:
                raise Mistake(f'{line}: write "loinc 2823-3 = 3.1 mmol/L (3.5 to 5.3)"')
            self._result(read, sample)

    def _result(self, read: re.Match[str], sample: Mapping[str, Any]) -> None:
        what = read["what"]
        is_coded = what.partition(" ")[0] in _SYSTEMS
        value_set = _coded(what)[1] if is_coded else sample.get("key", "")
        key = sample.get("key") or _key(value_set)
        kind = ("laboratory", "Laboratory") if key != "observations" else ("exam", "Exam")
        made: FHIR = {
            "resourceType": "Observation",
            "status": sample.get("status", "final"),
            "category": [_of("observation-category", *kind)],
            "code": _concept({"code": what} if is_coded else {"text": what}),
            "subject": self._subject,
            "effectiveDateTime": self._at(sample["on"]),
            "issued": self._at(sample["on"].partition(" ")[0], "17:02:00"),
            "performer": [{"display": "Pathology Laboratory" if key != "observations" else "Practice nurse"}],
            "valueQuantity": _amount(read["number"], read["unit"], read["word"]),
            "referenceRange": _range(read),
            "note": [{"text": read["note"]}] if read["note"] else None,
            "bodySite": {"text": sample["site"]} if "site" in sample else None,
        }
        self._add(key, _given(made), {"id": value_set.replace("_", "-") or what})


def _key(value_set: str) -> str:
    """The prefetch key that brings results of this value set."""
    if value_set in _OBSERVED:
        return "observations"
    lab = ROOT / "cards" / "labs" / f"{value_set.replace('_', '-')}.md"
    stated = re.search(r"^prefetch: (\w+)$", lab.read_text("utf-8"), re.MULTILINE) if lab.is_file() else None
    return stated[1] if stated else "labs"


def _amount(number: str, unit: str | None, word: str | None = None) -> FHIR:
    made = {"value": _Number(number), "comparator": word, "unit": unit}
    return _given({**made, "system": _UCUM if unit else None, "code": unit})


def _range(read: re.Match[str]) -> list[FHIR] | None:
    low, high, unit = read["low"], read["high"], read["unit"]
    if low is None and high is None:
        return None
    return [
        _given({"low": _amount(low, unit) if low else None, "high": _amount(high, unit) if high else None})
    ]


def _name_of(resource: FHIR) -> str:
    concept = resource.get("code") or {}
    return str(concept.get("text", "entry"))


def _given(made: FHIR) -> FHIR:
    return {key: value for key, value in made.items() if value is not None}


class _Number(str):
    """A number that goes out as it is written: 3.10 stays 3.10."""


def _written(content: Any) -> Any:
    """The same with each number marked, since JSON's own numbers lose their last zeros."""
    if isinstance(content, _Number):
        return f"number:{content}"
    if isinstance(content, dict):
        return {key: _written(value) for key, value in content.items()}
    return [_written(each) for each in content] if isinstance(content, list) else content


# --- files ------------------------------------------------------------------------------------------------------


def _story(told: Mapping[str, str]) -> str:
    parts = [f"---\ntitle: {told['title']}\ntoday: {told['today']}\n---"]
    for heading in ("given", "when", "then"):
        wrapped = textwrap.fill(" ".join(told[heading].split()), 120, break_on_hyphens=False)
        parts.append(f"# {heading.capitalize()}\n\n{wrapped}")
    return "\n\n".join(parts) + "\n"


def _check_dates(text: str, told: Mapping[str, str]) -> None:
    latest = date.fromisoformat(told["today"]) + timedelta(days=0)
    for written in re.findall(r"(?<![\w-])\d{4}-\d\d-\d\d(?![\d-])", text):
        if date.fromisoformat(written) > latest:
            print(f"{told['story']}: {written} is after the story's day; is that meant?")


def write(told: Mapping[str, Any], again: bool) -> None:
    """
    Write `story.md` and `request.json` of one description.

    Raises:
        Mistake: If the folder is there already, or a code or a line is not understood.
    """
    folder = FIXTURES / told["story"]
    if folder.exists() and not again:
        raise Mistake(f"{told['story']}: is there already; edit its files, or say --again to write them anew")
    body = json.dumps(_written(Chart(told).request()), indent=2, ensure_ascii=False)
    text = re.sub(r'"number:([\d.]+)"', r"\1", body) + "\n"
    _check_dates(text, told)
    folder.mkdir(exist_ok=True)
    (folder / "story.md").write_text(_story(told), "utf-8")
    (folder / "request.json").write_text(text, "utf-8")


def main(arguments: Iterable[str]) -> None:
    """Write each description given; tell what is wrong with one instead of writing it."""
    again = "--again" in arguments
    for name in arguments:
        if name != "--again":
            for told in yaml.load_all(Path(name).read_text("utf-8"), yaml.BaseLoader):  # noqa: S506  # text only
                try:
                    write(told, again)
                except Mistake as mistake:
                    sys.exit(f"new_story: {name}: {mistake}")


if __name__ == "__main__":
    main(sys.argv[1:])
