"""The prefetch templates that discovery offers."""

from collections.abc import Iterable

from cds_service.laboratory import Analyte
from cds_service.terminology import ValueSets

LAB_KEYS = ("labs", "glucose")
LONGEST_QUERY = 1900  # characters; some clients and proxies cut longer URLs
# what a rule reads of the observations that no laboratory makes
_OBSERVED = ("symptom_report", "pregnancy_status", "gestational_age", "estimated_delivery_date", "lmp_date")
_LOINC, _SNOMED = "http://loinc.org", "http://snomed.info/sct"
_PATIENT = "patient={{context.patientId}}"


def queries(value_sets: ValueSets, analytes: Iterable[Analyte]) -> dict[str, str]:
    """
    One template for each key.

    Bare LOINC codes without the system, which we check ourselves: a client sends every query as a URL, and the
    system makes it three times as long. No date arithmetic, no repeated parameter, only `context.patientId`:
    the rest is not understood by every client.
    """
    codes: dict[str, list[str]] = {key: [] for key in LAB_KEYS}
    for analyte in analytes:
        codes[analyte.group].extend(value_sets.codes(analyte.value_set, _LOINC))
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
        "labs": _observations(codes["labs"], 200),
        "glucose": _observations(codes["glucose"], 60),
        "observations": _observations(observed, 50),
        "serviceRequests": f"ServiceRequest?{_PATIENT}&status=active&_count=100",
    }


def _observations(codes: Iterable[str], count: int) -> str:
    return f"Observation?{_PATIENT}&code={','.join(dict.fromkeys(codes))}&_sort=-date&_count={count}"
