"""The prefetch templates that discovery offers."""

from collections.abc import Iterable
from dataclasses import dataclass

from cds_service.errors import KnowledgeInvalid
from cds_service.laboratory import Analyte
from cds_service.terminology import ValueSets

LAB_KEYS = ("labs", "glucose")
LONGEST_QUERY = 1900  # characters; some clients and proxies cut longer URLs
# what a rule reads of the observations that no laboratory makes
_OBSERVED = ("symptom_report", "pregnancy_status", "gestational_age", "estimated_delivery_date", "lmp_date")
_LOINC, _SNOMED = "http://loinc.org", "http://snomed.info/sct"
_PATIENT = "patient={{context.patientId}}"
# further keys, since a report of cramps may stand there
_ALSO = {
    "encounters": f"Encounter?{_PATIENT}&_sort=-date&_count=50",
    "questionnaireResponses": f"QuestionnaireResponse?{_PATIENT}&_sort=-authored&_count=20",
}
_IN_ANY_URL = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_REMEDY = "set LEGCRAMPS_LABS_BY=category"


@dataclass(frozen=True, slots=True)
class Asks:
    """How a site wants to be asked: laboratory results by "code" or by "category", and further keys."""

    labs_by: str = "code"
    also: tuple[str, ...] = ()


USUAL = Asks()


def queries(value_sets: ValueSets, analytes: Iterable[Analyte], asks: Asks = USUAL) -> dict[str, str]:
    """
    One template for each key.

    Bare codes without the system, which we check ourselves: a client sends every query as a URL, and the
    system makes it three times as long. No date arithmetic, no repeated parameter, only `context.patientId`:
    the rest is not understood by every client.

    Raises:
        KnowledgeInvalid: When a site's own codes make a query that not every client can send.
    """
    labs = _labs_by_category() if asks.labs_by == "category" else _labs_by_code(value_sets, analytes)
    cramps = [
        code
        for concept in ("nocturnal_leg_cramps", "cramp_and_spasm")
        for code in value_sets.codes(concept, _SNOMED)
    ]
    observed = [code for name in _OBSERVED for code in value_sets.codes(name, _LOINC)] + cramps
    return {
        "patient": "Patient/{{context.patientId}}",
        "conditions": f"Condition?{_PATIENT}&_count=200",
        "medicationStatements": f"MedicationStatement?{_PATIENT}&_sort=-effective&_count=200",
        "medicationRequests": f"MedicationRequest?{_PATIENT}&_sort=-authoredon&_count=200",
        **labs,
        "observations": _observations(observed, 50),
        "serviceRequests": f"ServiceRequest?{_PATIENT}&status=active&_count=100",
        **{key: query for key, query in _ALSO.items() if key in asks.also},
    }


def _labs_by_code(value_sets: ValueSets, analytes: Iterable[Analyte]) -> dict[str, str]:
    codes: dict[str, list[str]] = {key: [] for key in LAB_KEYS}
    for analyte in analytes:
        local = value_sets.local_codes.get(analyte.value_set, ())
        codes[analyte.group] += (*value_sets.codes(analyte.value_set, _LOINC), *local)
    found = {"labs": _observations(codes["labs"], 200), "glucose": _observations(codes["glucose"], 60)}
    for key in LAB_KEYS:
        _check(key, found[key], codes[key])
    return found


def _labs_by_category() -> dict[str, str]:
    """All results of the laboratory, so that more of them are asked for; glucose has a list of its own here too."""
    query = f"Observation?{_PATIENT}&category=laboratory&_sort=-date&_count="
    return {"labs": f"{query}500", "glucose": f"{query}60"}


def _check(key: str, query: str, codes: Iterable[str]) -> None:
    for code in codes:
        if not _IN_ANY_URL.issuperset(code):
            raise KnowledgeInvalid(f"prefetch.{key}", f"the code {code!r} does not fit into a URL; {_REMEDY}")
    if len(query) >= LONGEST_QUERY:
        problem = f"asks by code in {len(query)} characters, and {LONGEST_QUERY} are too many; {_REMEDY}"
        raise KnowledgeInvalid(f"prefetch.{key}", problem)


def _observations(codes: Iterable[str], count: int) -> str:
    return f"Observation?{_PATIENT}&code={','.join(dict.fromkeys(codes))}&_sort=-date&_count={count}"
