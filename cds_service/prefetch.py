"""The prefetch templates that discovery offers."""

from collections.abc import Iterable
from dataclasses import dataclass

from cds_service.code_systems import LOINC, SNOMED
from cds_service.errors import KnowledgeInvalid
from cds_service.laboratory import Analyte
from cds_service.terminology import ValueSets

LAB_KEYS = ("labs", "glucose", "observations")
LONGEST_QUERY = 1900  # characters; some clients and proxies cut longer URLs
# what is read of the observations that no laboratory makes, beside the analytes of that key
_OBSERVED = ("symptom_report", "pregnancy_status", "gestational_age", "estimated_delivery_date", "lmp_date")
_CRAMPS = ("nocturnal_leg_cramps", "cramp_and_spasm")
# the lists of Observations, and how many of each are asked for; glucose must not crowd out the others, nor they it,
# nor a body mass index of every visit the one report of cramps
_COUNTS = {"glucose": 60, "labs": 200, "observations": 100}
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

    @property
    def whole(self) -> str:
        """The key that asks for a whole category instead of codes; "" when none does. Glucose stays by code."""
        return "labs" if self.labs_by == "category" else ""


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
    codes = _codes_asked(value_sets, analytes)
    observations = {
        key: _by_code(key, codes[key], count) for key, count in _COUNTS.items() if key != asks.whole
    }
    if asks.whole:
        observations[asks.whole] = f"Observation?{_PATIENT}&category=laboratory&_sort=-date&_count=500"
    return {
        "patient": "Patient/{{context.patientId}}",
        "conditions": f"Condition?{_PATIENT}&_count=200",
        "medicationStatements": f"MedicationStatement?{_PATIENT}&_sort=-effective&_count=200",
        "medicationRequests": f"MedicationRequest?{_PATIENT}&_sort=-authoredon&_count=200",
        **observations,
        "serviceRequests": f"ServiceRequest?{_PATIENT}&status=active&_count=100",
        **{key: query for key, query in _ALSO.items() if key in asks.also},
    }


def _codes_asked(value_sets: ValueSets, analytes: Iterable[Analyte]) -> dict[str, list[str]]:
    """For each list of Observations its codes, the site's own ones among them."""
    codes: dict[str, list[str]] = {key: [] for key in _COUNTS}
    for analyte in analytes:
        codes[analyte.group] += _codes(value_sets, analyte.value_set, LOINC)
    for name in _OBSERVED:
        codes["observations"] += _codes(value_sets, name, LOINC)
    for concept in _CRAMPS:
        codes["observations"] += _codes(value_sets, concept, SNOMED)
    return codes


def _codes(value_sets: ValueSets, name: str, system: str) -> tuple[str, ...]:
    return (*value_sets.codes(name, system), *value_sets.local_codes.get(name, ()))


def _by_code(key: str, codes: Iterable[str], count: int) -> str:
    asked = tuple(dict.fromkeys(codes))
    for code in asked:
        if not _IN_ANY_URL.issuperset(code):
            raise KnowledgeInvalid(f"prefetch.{key}", f"the code {code!r} does not fit into a URL; {_REMEDY}")
    query = f"Observation?{_PATIENT}&code={','.join(asked)}&_sort=-date&_count={count}"
    if len(query) >= LONGEST_QUERY:
        problem = f"asks by code in {len(query)} characters, and {LONGEST_QUERY} are too many; {_REMEDY}"
        raise KnowledgeInvalid(f"prefetch.{key}", problem)
    return query
