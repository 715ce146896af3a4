"""What an answer shows of a FHIR server: order, pages, what it says beside the entries, where medicines are."""

import re
from collections import Counter
from collections.abc import Mapping
from itertools import pairwise

from cds_service.client_entries import TYPES
from cds_service.connecting.trials import Trial, resources
from cds_service.fetching import STRAY
from cds_service.fhir import MEDICATION_LISTS
from cds_service.medicine_reads import MEDICATIONS
from cds_service.resources import (
    Bundle,
    Medication,
    MedicationUse,
    OperationOutcome,
    QuestionnaireResponse,
    Resource,
)
from cds_service.searchsets import WITHHELD as WITHHELD_CODES
from cds_service.searchsets import day

_MEDICATION = re.compile(r"(?:.*/)?Medication/([^/]+)(?:/_history/[^/]+)?")


def newest_first(trial: Trial) -> bool | None:
    """Whether dates really descend; None when it was not asked for, or there is too little to tell."""
    if "_sort=-" not in trial.query or not trial.answers:
        return None
    told = [_days(value, trial.key) for value in trial.values()]
    if not any(len(set(days)) > 1 for days in told):
        return None
    return all(later[: len(one)] >= one[: len(later)] for days in told for later, one in pairwise(days))


def _days(value: Resource, key: str) -> list[str]:
    held = [each for each in resources(value) if each.resource_type == TYPES[key]]
    return [written for each in held if (written := _day(each))]


def _day(resource: Resource) -> str:
    """The day that our queries sort by, as far as it is written."""
    if isinstance(resource, QuestionnaireResponse):
        return (resource.authored or "")[:10]
    return day(resource)


def page_size(trial: Trial) -> tuple[bool | None, int]:
    """Whether `_count` is honoured, and the entries of a page; None as long as all fits on one page."""
    asked = re.search(r"[?&]_count=(\d+)", trial.query)
    if asked is None or not trial.answers:
        return None, 0
    count, kind = int(asked[1]), TYPES[trial.key]
    most = max(sum(each.resource_type == kind for each in resources(value)) for value in trial.values())
    if trial.pages < 2:
        return (False if most > count else None), most
    return count * (trial.pages - 1) < most <= count * trial.pages, -(-most // trial.pages)


def stays_on_base(trial: Trial) -> bool | None:
    """Whether a list goes on below the base; None when it did not go on."""
    return False if trial.code == STRAY else True if trial.pages > 1 else None


def withheld(trial: Trial) -> int:
    """How many times the server says that something is not shown to us."""
    return sum(count for code, count in issues(trial).items() if code in WITHHELD_CODES)


def issues(trial: Trial) -> Counter[str]:
    """What the server says beside the entries: codes of OperationOutcome issues that are more than information."""
    held = (each for value in trial.values() if isinstance(value, Bundle) for each in resources(value))
    told = (issue for each in held if isinstance(each, OperationOutcome) for issue in each.issue or ())
    return Counter(
        issue.code or "" for issue in told if issue.severity != "information" or issue.code in WITHHELD_CODES
    )


def medicines(trial: Trial) -> Mapping[str, int]:
    """How medicines that are referred to can be had: by `included`, `read`, or `missing`."""
    counted = Counter(included=0, read=0, missing=0)
    if trial.key not in MEDICATION_LISTS:
        return counted
    for request in trial.found:
        came = {key: _ids(request.prefetch.get(key)) for key in (trial.key, MEDICATIONS)}
        value = request.prefetch.get(trial.key)
        for name in _referred_to(value) if value else ():
            way = (
                "included" if name in came[trial.key] else "read" if name in came[MEDICATIONS] else "missing"
            )
            counted[way] += 1
    return counted


def _ids(value: Resource | None) -> set[str | None]:
    held = resources(value) if value else iter(())
    return {each.id for each in held if isinstance(each, Medication)}


def _referred_to(value: Resource) -> set[str]:
    named = (
        each.medication_reference or (each.medication.reference if each.medication else None)
        for each in resources(value)
        if isinstance(each, MedicationUse)
    )
    found = (_MEDICATION.fullmatch(each.reference or "") for each in named if each)
    return {each[1] for each in found if each}
