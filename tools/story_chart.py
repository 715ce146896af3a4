"""The chart of a story: from a compact description to the request that a record system would send."""

import re
import zlib
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from story_codes import FHIR, ROOT, SYSTEMS, Mistake, coded, concept, hl7

_UCUM = "http://unitsofmeasure.org"
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


class _Number(str):
    """A number that goes out as it is written: 3.10 stays 3.10."""


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
                    "type": hl7("v2-0203", "MR", "Medical record number"),
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
        words = re.findall(r"[a-z0-9]+", str(entry.get("id") or _namehl7(resource)).casefold())
        head = {"resourceType": resource.pop("resourceType"), "id": f"{'-'.join(words[:2])}-{self.count}"}
        head["meta"] = {"versionId": "1", "lastUpdated": self._at(self.told["today"], "06:02:11.000")}
        self.entries[key].append({**head, **resource})

    def _bundle(self, key: str) -> FHIR:
        kind = _GROUPS[key]
        entries: list[FHIR] = [
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
            "clinicalStatus": hl7("condition-clinical", status, status.capitalize()),
            "verificationStatus": hl7("condition-ver-status", verified, verified.capitalize()),
            "category": [hl7("condition-category", entry.get("category", "problem-list-item"))],
            "code": concept(entry),
            "subject": self._subject,
            "onsetDateTime": entry.get("onset"),
            "abatementDateTime": entry.get("ended"),
            "recordedDate": entry.get("recorded") or entry.get("onset"),
            "recorder": {"reference": f"Practitioner/{self.doctor}"},
            "bodySite": [{"text": entry["body"]}] if "body" in entry else None,
            "note": [{"text": entry["note"]}] if "note" in entry else None,
        }
        return _given(made)

    def _drug(self, entry: Mapping[str, Any]) -> None:
        as_request = entry.get("as", self.listed_as) == "request"
        key = "medicationRequests" if as_request else "medicationStatements"
        for day in entry.get("refills") or [entry.get("from")]:
            made = self._prescription(entry, day) if as_request else self._statement(entry)
            self._name_medicine(made, entry, key)
            self._add(key, made, {"id": entry.get("id") or concept(entry)["text"]})

    def _name_medicine(self, made: FHIR, entry: Mapping[str, Any], key: str) -> None:
        """The medicine in place, contained, or as an entry of its own that the search brought along."""
        held = entry.get("in")
        if held is None:
            made["medicationCodeableConcept"] = concept(entry)
            return
        medicine: FHIR = {"resourceType": "Medication", "id": "medicine", "code": concept(entry)}
        if held == "contained":
            made["contained"] = [medicine]
            made["medicationReference"] = {"reference": "#medicine"}
            return
        self._add(key, medicine, {"id": f"medication {concept(entry)['text']}"})
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
                "category": [hl7("medicationrequest-category", "community", "Community")],
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
            times, once = _Number(entry.get("times", "1")), _Number("1")
            made["timing"] = {"repeat": {"frequency": times, "period": once, "periodUnit": "d"}}
            code = {"system": _UCUM, "code": unit} if unit in ("mg", "g", "ug") else {}
            made["doseAndRate"] = [{"doseQuantity": {"value": _Number(amount), "unit": unit, **code}}]
        return made

    def _order(self, entry: Mapping[str, str]) -> FHIR:
        return {
            "resourceType": "ServiceRequest",
            "status": entry.get("status", "active"),
            "intent": "order",
            "code": concept(entry),
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
        is_coded = what.partition(" ")[0] in SYSTEMS
        value_set = coded(what)[1] if is_coded else sample.get("key", "")
        key = sample.get("key") or _key(value_set)
        kind = ("laboratory", "Laboratory") if key != "observations" else ("exam", "Exam")
        made: FHIR = {
            "resourceType": "Observation",
            "status": sample.get("status", "final"),
            "category": [hl7("observation-category", *kind)],
            "code": concept({"code": what} if is_coded else {"text": what}),
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


def _namehl7(resource: FHIR) -> str:
    concept = resource.get("code") or {}
    return str(concept.get("text", "entry"))


def _given(made: FHIR) -> FHIR:
    return {key: value for key, value in made.items() if value is not None}


def marked(content: Any) -> Any:
    """The same with each number marked, since JSON's own numbers lose their last zeros."""
    if isinstance(content, _Number):
        return f"number:{content}"
    if isinstance(content, dict):
        return {key: marked(value) for key, value in content.items()}
    return [marked(each) for each in content] if isinstance(content, list) else content
