"""
What a body made to be dear costs: each kind in two sizes, one twice the other, beside the longest honest record.

    python -m bench.hostile [part of a name …]

"times" is CPU for each kilobyte, as a multiple of what the record of 2,500 resources takes; "doubled" is what twice as
much costs. What takes less than 50 ms is not told as growing. Every body is one that the service takes in, by its size
and by what is in it, and has words that none before it had.
"""

import gc
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from functools import partial
from math import log
from time import process_time
from typing import Any

from starlette.exceptions import HTTPException

from bench.figures import HONEST, Dear, tell
from bench.in_process import usual_site
from bench.payloads import FHIR, body
from cds_service import advise, hooks
from cds_service.errors import RequestInvalid
from cds_service.limits import check_values
from cds_service.settings import Settings

MOST_BYTES: int = Settings.model_fields["max_body"].default
_TODAY = date(2026, 11, 22)
_LONG = 0.5  # seconds after which nothing is measured again
_SNOMED, _ICD10, _LOINC = "http://snomed.info/sct", "http://hl7.org/fhir/sid/icd-10-cm", "http://loinc.org"
_RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
_ABOUT = {"subject": {"reference": "Patient/bench-1"}}
_FUROSEMIDE = {"coding": [{"system": _RXNORM, "code": "4603", "display": "furosemide"}]}

Lists = dict[str, list[FHIR]]  # resources by prefetch key


# --- what is sent ---------------------------------------------------------------------------------------------------


def _order(place: int, medicine: FHIR | None = None, **members: Any) -> FHIR:
    return {
        "resourceType": "MedicationRequest",
        "id": f"h-{place}",
        "status": "active",
        "intent": "order",
        "authoredOn": f"{_TODAY - timedelta(days=1 + place % 3000)}",
        "medicationCodeableConcept": medicine or _FUROSEMIDE,
        **_ABOUT,
        **members,
    }


def _diagnosis(place: int, code: FHIR, **members: Any) -> FHIR:
    return {"resourceType": "Condition", "id": f"h-{place}", "code": code, **_ABOUT, **members}


def _result(place: int, code: FHIR | None = None, **members: Any) -> FHIR:
    potassium = {"coding": [{"system": _LOINC, "code": "2823-3"}]}
    return {
        "resourceType": "Observation",
        "id": f"h-{place}",
        "status": "final",
        "effectiveDateTime": f"{_TODAY - timedelta(days=1 + place % 3000)}",
        "code": code or potassium,
        **_ABOUT,
        **members,
    }


def _orders(count: int, make: Callable[[int], FHIR]) -> Lists:
    return {"medicationRequests": [make(place) for place in range(count)]}


def _named(text: str) -> FHIR:
    return {"text": text}


class _Vocabulary:
    """Which words the body has that is made now: no other has them, since the service remembers short ones."""

    first = 17**5


def _word(number: int) -> str:
    """Letters only, another for each number, not one that any table knows."""
    number += _Vocabulary.first
    letters = ""
    while number:
        number, rest = divmod(number, 17)
        letters += "bcdfghjklmnpqrtvz"[rest]
    return letters


def _words(characters: int, place: int) -> str:
    return " ".join(_word(place * 977 + each) for each in range(characters // 5 + 1))[:characters]


def _dose_texts(count: int, place: int) -> list[FHIR]:
    return [
        {"text": f"{each % 7 + 1} tab at {each}:{place % 60:02}", "sequence": each} for each in range(count)
    ]


def _bodies_of_lists() -> Mapping[str, tuple[int, Callable[[int], Lists]]]:
    """How many, for the smaller of two bodies, and what is added to an honest record."""
    return {
        "orders, each with 190 texts of dosage": (
            160,
            lambda n: _orders(n, lambda place: _order(place, dosageInstruction=_dose_texts(190, place))),
        ),
        "orders by name, each with 190 texts of dosage": (
            160,
            lambda n: _orders(
                n, lambda p: _order(p, _named(f"furosemide {p}"), dosageInstruction=_dose_texts(190, p))
            ),
        ),
        "orders, each with 190 structured dosages": (
            75,
            lambda n: _orders(
                n, lambda p: _order(p, dosageInstruction=[_dosage(each) for each in range(190)])
            ),
        ),
        "orders, each with 60 names": (
            200,
            lambda n: _orders(
                n,
                lambda p: _order(
                    p, {"coding": [{"display": f"furosem {p} {each} mg"} for each in range(60)]}
                ),
            ),
        ),
        "orders, each with 60 long names": (
            75,
            lambda n: _orders(
                n,
                lambda p: _order(p, {"coding": [{"display": _words(1500, p + each)} for each in range(60)]}),
            ),
        ),
        "one order with 300,000 dosages": (
            20_000,
            lambda n: {"medicationRequests": [_order(0, dosageInstruction=_dose_texts(n, 0))]},
        ),
        "one order with empty dosages": (
            200_000,
            lambda n: {"medicationRequests": [_order(0, dosageInstruction=[{}] * n)]},
        ),
        "one order with rates": (
            20_000,
            lambda n: {
                "medicationRequests": [
                    _order(0, dosageInstruction=[{"doseAndRate": [{"doseQuantity": {"value": 1}}] * n}])
                ]
            },
        ),
        "one order with times of giving": (
            40_000,
            lambda n: {
                "medicationRequests": [
                    _order(0, dosageInstruction=[{"timing": {"event": ["2026-01-01"] * n}}])
                ]
            },
        ),
        "reasons, each another": (
            3_400,
            lambda n: _orders(n, lambda p: _order(p, reasonCode=[_named(f"leg cramps {_word(p)}")])),
        ),
        "reasons of one order": (
            20_000,
            lambda n: {
                "medicationRequests": [_order(0, reasonCode=[_named(f"pain {_word(p)}") for p in range(n)])]
            },
        ),
        "references to reasons": (
            800,
            lambda n: {
                "medicationRequests": [
                    _order(
                        p, reasonReference=[{"reference": f"Condition/h-{p}"}, {"reference": "Condition/h-1"}]
                    )
                    for p in range(n)
                ],
                "conditions": [_diagnosis(p, _named(f"{_word(p)} cramps")) for p in range(n)],
            },
        ),
        "one diagnosis with 100,000 codings": (
            10_000,
            lambda n: {
                "conditions": [
                    _diagnosis(0, {"coding": [{"system": _SNOMED, "code": str(p)} for p in range(n)]})
                ]
            },
        ),
        "one diagnosis with names only": (
            20_000,
            lambda n: {
                "conditions": [
                    _diagnosis(0, {"coding": [{"display": f"cramp {_word(p)}"} for p in range(n)]})
                ]
            },
        ),
        "one diagnosis with long codes": (
            2_000,
            lambda n: {
                "conditions": [
                    _diagnosis(0, {"coding": [{"system": _ICD10, "code": f"G{p:060}"} for p in range(n)]})
                ]
            },
        ),
        "one medicine with 100,000 codings": (
            10_000,
            lambda n: {
                "medicationRequests": [
                    _order(0, {"coding": [{"system": _RXNORM, "code": str(p)} for p in range(n)]})
                ]
            },
        ),
        "one result with 100,000 codings": (
            10_000,
            lambda n: {
                "labs": [_result(0, {"coding": [{"system": _LOINC, "code": f"{p}-1"} for p in range(n)]})]
            },
        ),
        "medicines in short words": (
            2_000,
            lambda n: _orders(n, lambda p: _order(p, _named(f"{_word(p)} 5 mg tablets"))),
        ),
        "medicines, one letter wrong": (
            2_000,
            lambda n: _orders(
                n, lambda p: _order(p, _named(f"hydrochlorothiazid{_word(p)[:1]} {p} furosemidd"))
            ),
        ),
        "medicines in 2,000 characters": (
            200,
            lambda n: _orders(n, lambda p: _order(p, _named(_words(2000, p)))),
        ),
        "medicines in 2,000 characters of names": (
            200,
            lambda n: _orders(n, lambda p: _order(p, _named(f"{p} " + "furosemide + " * 150))),
        ),
        "medicines in 2,000 long words with a letter wrong": (
            200,
            lambda n: _orders(n, lambda p: _order(p, _named(f"{p} " + "hydrochlorothiazidd " * 99))),
        ),
        "medicines of one letter": (
            200,
            lambda n: _orders(n, lambda p: _order(p, _named(f"{p} " + "a " * 990))),
        ),
        "medicines of signs": (
            200,
            lambda n: _orders(n, lambda p: _order(p, _named(f"{p} " + "/'+.&" * 390))),
        ),
        "medicines in characters that unfold": (
            100,
            lambda n: _orders(n, lambda p: _order(p, _named(f"{p} " + "\ufdfa" * 1990))),
        ),
        "one text of 10 MB as a medicine": (
            2_500_000,
            lambda n: {"medicationRequests": [_order(0, _named("furosemide " * (n // 11)))]},
        ),
        "one text of 10 MB as a diagnosis": (
            2_500_000,
            lambda n: {"conditions": [_diagnosis(0, _named("leg cramps " * (n // 11)))]},
        ),
        "one text of 10 MB as a dosage": (
            2_500_000,
            lambda n: {"medicationRequests": [_order(0, dosageInstruction=[_named("1 tablet " * (n // 9))])]},
        ),
        "one text of 10 MB as a value": (
            2_500_000,
            lambda n: {"labs": [_result(0, valueString="3.1 " * (n // 4))]},
        ),
        "one text of 10 MB as a note": (
            2_500_000,
            lambda n: {"conditions": [_diagnosis(0, _named("asthma"), note=[_named("cramps " * (n // 7))])]},
        ),
        "one id of 10 MB": (2_500_000, lambda n: {"labs": [_result(0) | {"id": "x" * n}]}),
        "diagnoses in short words": (
            3_000,
            lambda n: {"conditions": [_diagnosis(p, _named(f"{_word(p)} of the leg")) for p in range(n)]},
        ),
        "diagnoses that deny in long lists": (
            200,
            lambda n: {
                "conditions": [_diagnosis(p, _named(f"{p} denies " + "cramps, " * 240)) for p in range(n)]
            },
        ),
        "cramp reports": (
            1_600,
            lambda n: {
                "conditions": [
                    _diagnosis(
                        p,
                        _named(f"night leg cramps {_word(p)}"),
                        onsetDateTime=f"{_TODAY - timedelta(days=p % 4000)}",
                    )
                    for p in range(n)
                ]
            },
        ),
        "results in short words": (
            3_000,
            lambda n: {
                "labs": [
                    _result(p, _named(f"{_word(p)} serum"), valueQuantity={"value": p}) for p in range(n)
                ]
            },
        ),
        "results of one analyte": (
            3_000,
            lambda n: {
                "labs": [_result(p, valueQuantity={"value": 2 + p % 4, "unit": "mmol/L"}) for p in range(n)]
            },
        ),
        "results with ids alike": (
            3_000,
            lambda n: {
                "labs": [_result(0, valueQuantity={"value": p / 1000, "unit": "mmol/L"}) for p in range(n)]
            },
        ),
        "results with other units": (
            3_000,
            lambda n: {"labs": [_result(p, valueQuantity={"value": 3, "unit": _word(p)}) for p in range(n)]},
        ),
        "one panel with members": (
            10_000,
            lambda n: {
                "labs": [_result(0, hasMember=[{"reference": f"Observation/h-{p}"} for p in range(n)])]
            },
        ),
        "panels, each of all": (
            75,
            lambda n: {
                "labs": [
                    _result(p, hasMember=[{"reference": f"Observation/h-{each}"} for each in range(n)])
                    for p in range(n)
                ]
            },
        ),
        "panels in a chain": (
            3_000,
            lambda n: {
                "labs": [_result(p, hasMember=[{"reference": f"Observation/h-{p + 1}"}]) for p in range(n)]
            },
        ),
        "one panel with components": (
            10_000,
            lambda n: {
                "labs": [
                    _result(
                        0,
                        component=[
                            {
                                "code": {"coding": [{"system": _LOINC, "code": "2823-3"}]},
                                "valueQuantity": {"value": 3},
                            }
                        ]
                        * n,
                    )
                ]
            },
        ),
        "numbers of many digits": (
            75,
            lambda n: {
                "labs": [
                    _result(p, valueQuantity={"value": int("7" * 4000), "unit": "mmol/L"})
                    for p in range(n * 10)
                ]
            },
        ),
        "orders alike, each another day": (2_000, lambda n: _orders(n, _order)),
        "orders with ids alike": (2_000, lambda n: _orders(n, lambda p: _order(p) | {"id": "h-0"})),
        "orders in a chain": (
            2_000,
            lambda n: _orders(
                n, lambda p: _order(p, priorPrescription={"reference": f"MedicationRequest/h-{p + 1}"})
            ),
        ),
        "orders that name a medicine": (
            1_000,
            lambda n: {
                "medicationRequests": [
                    each
                    for p in range(n)
                    for each in (
                        _without(_order(p, medicationReference={"reference": f"Medication/m-{p}"})),
                        {"resourceType": "Medication", "id": f"m-{p}", "code": _named(f"{_word(p)} 5 mg")},
                    )
                ]
            },
        ),
        "one order with medicines within": (
            10_000,
            lambda n: {
                "medicationRequests": [
                    _order(
                        0,
                        contained=[
                            {"resourceType": "Medication", "id": f"m{p}", "code": _named(_word(p))}
                            for p in range(n)
                        ],
                    )
                ]
            },
        ),
        "orders for tests": (
            2_000,
            lambda n: {
                "serviceRequests": [
                    {
                        "resourceType": "ServiceRequest",
                        "id": f"h-{p}",
                        "status": "active",
                        "intent": "order",
                        "code": _named(f"potassium {_word(p)}"),
                        **_ABOUT,
                    }
                    for p in range(n)
                ]
            },
        ),
        "extensions": (
            20_000,
            lambda n: {"conditions": [_diagnosis(0, _named("asthma"), extension=[{"url": "http://x"}] * n)]},
        ),
        "answers of a form": (
            10_000,
            lambda n: {
                "questionnaireResponses": [
                    _form(
                        [
                            {"linkId": f"{p}", "text": "leg cramps", "answer": [{"valueBoolean": True}]}
                            for p in range(n)
                        ]
                    )
                ]
            },
        ),
        "forms": (
            1_000,
            lambda n: {
                "questionnaireResponses": [
                    _form(
                        [
                            {
                                "linkId": "1",
                                "text": f"leg cramps {_word(p)}",
                                "answer": [{"valueString": "yes"}],
                            }
                        ]
                    )
                    | {"id": f"h-{p}"}
                    for p in range(n)
                ]
            },
        ),
        "encounters with reasons": (
            2_000,
            lambda n: {
                "encounters": [
                    {
                        "resourceType": "Encounter",
                        "id": f"h-{p}",
                        "status": "finished",
                        "reasonCode": [_named(f"cramps {_word(p)}")],
                        **_ABOUT,
                    }
                    for p in range(n)
                ]
            },
        ),
        "broken entries": (3_000, lambda n: {"labs": [_result(p) | {"code": p} for p in range(n)]}),
        "broken in each member": (
            3_000,
            lambda n: _orders(n, lambda p: _order(p, dosageInstruction=[1], reasonCode=7, status=[p])),
        ),
        "other patients": (
            3_000,
            lambda n: {"labs": [_result(p) | {"subject": {"reference": f"Patient/{p}"}} for p in range(n)]},
        ),
        "empty resources": (100_000, lambda n: {"labs": [{}] * n}),
    }


def _dosage(place: int) -> FHIR:
    return {
        "timing": {"repeat": {"frequency": place % 5 + 1, "period": 1, "periodUnit": "d"}},
        "doseAndRate": [{"doseQuantity": {"value": 20 + place, "unit": "mg"}}],
    }


def _form(items: list[FHIR]) -> FHIR:
    return {
        "resourceType": "QuestionnaireResponse",
        "id": "h-0",
        "status": "completed",
        "authored": f"{_TODAY}",
        "item": items,
        **_ABOUT,
    }


def _without(order: FHIR) -> FHIR:
    return {key: value for key, value in order.items() if key != "medicationCodeableConcept"}


def _bodies_as_text() -> Mapping[str, tuple[int, Callable[[int], bytes]]]:
    """Those that no list makes; `@` stands in an honest body for what is added."""
    return {
        "entries with nothing in them": (400_000, lambda n: _with_entries(",{}" * n)),
        "entries that are null": (300_000, lambda n: _with_entries(",null" * n)),
        "entries that are numbers": (400_000, lambda n: _with_entries(",1" * n)),
        "lists in lists": (200_000, lambda n: _with_entries("," + "[" * n + "]" * n)),
        "resources in resources": (
            20_000,
            lambda n: _with_entries("," + '{"resource":' * n + "{}" + "}" * n),
        ),
        "nesting that nothing reads": (
            75,
            lambda n: _with_entries(',{"resource":{"resourceType":"Basic","x":' + "[" * n + "]" * n + "}}"),
        ),
        "members alike": (
            100_000,
            lambda n: _with_entries(',{"resource":{' + '"id":"a",' * n + '"id":"b"}}'),
        ),
        "members unknown": (100_000, lambda n: _with_entries(',{"resource":{' + '"x":1,' * n + '"id":"b"}}')),
        "one number of 10 MB": (2_500_000, lambda n: _with_entries("," + "7" * n)),
        "one fraction of 10 MB": (
            2_500_000,
            lambda n: _with_entries(
                ',{"resource":{"resourceType":"Observation","valueQuantity":{"value":0.' + "7" * n + "}}}"
            ),
        ),
        "white space": (2_500_000, lambda n: _with_entries(" " * n)),
        "escapes": (200_000, lambda n: _with_entries(',{"fullUrl":"' + "\\u0041" * n + '"}')),
        "prefetch keys": (80_000, _with_keys),
    }


def _with_entries(text: str) -> bytes:
    honest = body("cards", 25, _TODAY).decode()
    place = honest.rindex("]")  # of the last list's entries
    return f"{honest[:place]}{text}{honest[place:]}".encode()


def _with_keys(count: int) -> bytes:
    honest = body("cards", 25, _TODAY).decode()
    start_of, end_of = honest.split('"prefetch":{', 1)
    return f'{start_of}"prefetch":{{{"".join(f"{chr(34)}k{p}{chr(34)}:null," for p in range(count))}{end_of}'.encode()


def _with_lists(lists: Lists) -> bytes:
    sent = json.loads(body("cards", 25, _TODAY))
    for key, resources in lists.items():
        bundle = sent["prefetch"].setdefault(
            key, {"resourceType": "Bundle", "type": "searchset", "entry": []}
        )
        bundle["entry"] += [{"resource": each} for each in resources]
    return json.dumps(sent, separators=(",", ":")).encode()


def _of_lists(make: Callable[[int], Lists], count: int) -> bytes:
    return _with_lists(make(count))


def bodies() -> Iterator[tuple[str, int, Callable[[int], bytes]]]:
    """Every kind: its name, the smaller count, what makes the body of a count."""
    for name, (count, lists) in _bodies_of_lists().items():
        yield name, count, partial(_of_lists, lists)
    for name, (count, text) in _bodies_as_text().items():
        yield name, count, text


# --- what it costs --------------------------------------------------------------------------------------------------


def _service() -> Callable[[bytes], bool]:
    """Whether a body was refused, after all that a hook call does without HTTP, memory, log and figures."""
    site = usual_site()

    def is_refused(sent: bytes) -> bool:
        try:
            check_values(sent, MOST_BYTES)
            call = hooks.decode(sent, "patient-view")
            hooks.encode(advise.answer(advise.consider(call, site, _TODAY), site, None).cards)
        except (RequestInvalid, RecursionError, HTTPException):
            return True
        return False

    return is_refused


def _seconds(take: Callable[[bytes], bool], make: Callable[[], bytes]) -> tuple[float, int]:
    """The least of several bodies, and the bytes of one; without garbage collection, as in the service."""
    best, took, sent = float("inf"), 0.0, b""
    for _ in range(2):
        sent = make()
        gc.collect()
        gc.disable()
        began = process_time()
        take(sent)
        took = process_time() - began
        gc.enable()
        best = min(best, took)
        if took > _LONG:
            break
    return best, len(sent)


def fitting(make: Callable[[int], bytes], count: int, most_bytes: int) -> int:
    """*count*, or the greatest below that makes a body of *most_bytes* at most which the service takes in, roughly."""
    while count > 1 and not _is_accepted(make(count), most_bytes):
        count = count * 9 // 10
    return count


def _is_accepted(sent: bytes, most_bytes: int) -> bool:
    if len(sent) > most_bytes:
        return False
    try:
        check_values(sent, MOST_BYTES)
    except HTTPException:
        return False
    return True


def fresh(make: Callable[[int], bytes], count: int) -> bytes:
    """A body with words that none before it had."""
    _Vocabulary.first += 17**4
    return make(count)


def measured(parts: Sequence[str] = ()) -> Iterator[Dear]:
    """The honest record first, then each kind whose name has one of *parts*."""
    tell("bodies made to be dear")
    take = _service()
    gc.collect()
    gc.freeze()
    honest, length = _seconds(take, partial(body, "cards", 2500, _TODAY))
    half = _seconds(take, partial(body, "cards", 1250, _TODAY))
    yield Dear(HONEST, length, honest, 1.0, _doubled((honest, length), half), is_refused=False)
    for name, least, make in bodies():
        if parts and not any(part in name for part in parts):
            continue
        count = fitting(make, 2 * least, MOST_BYTES)
        small = _seconds(take, partial(fresh, make, count // 2))
        seconds, size = _seconds(take, partial(fresh, make, count))
        times = seconds / size / (honest / length)
        doubled = _doubled((seconds, size), small)
        yield Dear(name, size, seconds, times, doubled, is_refused=take(make(count)))


def _doubled(large: tuple[float, int], small: tuple[float, int]) -> float:
    """What twice the bytes cost, by two bodies: of some kinds one with twice as many entries is four times as long."""
    seconds, length = (one / other for one, other in zip(large, small, strict=True))
    return float(2 ** (log(seconds) / log(length)))


def _main() -> None:
    print(f"{'':52}{'kB':>8}{'CPU s':>8}{'times':>7}{'doubled':>9}")
    for each in measured(sys.argv[1:]):
        told = [*(["grows"] if each.grows else []), *(["refused"] if each.is_refused else [])]
        print(
            f"{each.name:52}{each.bytes // 1000:8}{each.seconds:8.3f}{each.times:7.1f}{each.doubled:9.2f}"
            f"  {', '.join(told)}",
            flush=True,
        )


if __name__ == "__main__":
    _main()
