"""What a prefetch value or a search result says about itself: whether that is all, a part, nothing, or a failure."""

from itertools import pairwise

from cds_service.raw import number
from cds_service.record import Supply
from cds_service.resources import (
    Bundle,
    Entry,
    MedicationRequest,
    MedicationStatement,
    Observation,
    OperationOutcome,
    Resource,
    ServiceRequest,
)
from cds_service.salvage import USED_TYPES

WITHHELD = frozenset(
    {
        "suppressed", "forbidden", "security", "login", "incomplete", "timeout", "throttled", "transient",
        "exception", "lock-error", "no-store", "too-costly", "too-long",
    }
)  # fmt: skip
"""FHIR issue types: a list beside one of these is not all that there is, an empty one not the same as nothing."""

_NOT_FAILURES = ("information", "warning", "success")


def supply(value: Resource | None) -> Supply:
    """What became of one prefetch key by what its value says; None is null."""
    if value is None:
        return Supply.NOTHING
    if isinstance(value, Bundle):
        return _of_bundle(value)
    if isinstance(value, OperationOutcome):
        return Supply.FAILED
    # one resource in place of a list is taken; one that can't stand under any of our keys is no answer
    return Supply.GIVEN if value.resource_type in USED_TYPES else Supply.FAILED


def _of_bundle(bundle: Bundle) -> Supply:
    entries = bundle.entry or ()
    outcomes = [entry for entry in entries if type(entry.resource) is OperationOutcome]
    held = len(entries) - len(outcomes)
    withholds = any(map(_withholds, outcomes))
    if not held:
        is_in_vain = _claims_results(bundle) or withholds or any(map(is_failure, outcomes))
        return Supply.FAILED if is_in_vain else _is_paged(bundle, held) or Supply.EMPTY
    if withholds:
        return Supply.WITHHELD
    return _is_paged(bundle, held) or Supply.GIVEN


def _is_paged(bundle: Bundle, held: int) -> Supply | None:
    """A list that goes on behind a link, or that counts more than the results that it holds."""
    goes_on = next_link(bundle) is not None
    total = number(bundle.total) if held else None
    return Supply.PAGED if goes_on or (total is not None and total > held) else None


def next_link(bundle: Bundle) -> str | None:
    """Where a list goes on, "" when it doesn't say where; None when it doesn't go on."""
    for link in bundle.link or ():
        # some write the relation as the address under which it is registered
        if (link.relation or "").rpartition("/")[2].casefold() == "next":
            return link.url or ""
    return None


def is_newest_first(bundle: Bundle) -> bool:
    """
    Whether a list that goes on unread has shown its newest entries: servers may ignore `_sort` without a word.

    Partial dates are compared as far as both reach; entries without a date say nothing.
    """
    entries = bundle.entry or ()
    days = [written for entry in entries if entry.resource is not None and (written := day(entry.resource))]
    return all(later[: len(earlier)] >= earlier[: len(later)] for later, earlier in pairwise(days))


def day(resource: Resource) -> str:
    """The day by which our queries sort, as far as it is known."""
    written = None
    if isinstance(resource, MedicationRequest | ServiceRequest):
        written = resource.authored_on
    elif isinstance(resource, Observation | MedicationStatement):
        instant = resource.effective_instant if isinstance(resource, Observation) else None
        period = resource.effective_period
        written = resource.effective_date_time or instant or (period.start if period else None)
    return (written or "")[:10]


def has_results(bundle: Bundle) -> bool:
    """Whether there is an entry, readable or not, that isn't an outcome of the search itself."""
    return any(not _is_outcome(entry) for entry in bundle.entry or ())


def _claims_results(bundle: Bundle) -> bool:
    """
    Whether the search says that it found something.

    Without an entry such a Bundle is a count, or a result that got lost: not the same as "there is nothing".
    """
    return bytes(bundle.total) not in (b"", b"null", b"0")


def _is_outcome(entry: Entry) -> bool:
    return type(entry.resource) is OperationOutcome


def is_failure(entry: Entry) -> bool:
    """Whether a searchset's OperationOutcome tells of an error, as it does when it names no severity."""
    if not isinstance(entry.resource, OperationOutcome):
        return False
    issues = entry.resource.issue or ()
    return not issues or any(issue.severity not in _NOT_FAILURES for issue in issues)


def _withholds(entry: Entry) -> bool:
    """Whether a searchset's OperationOutcome says, without calling it an error, that something is not shown to us."""
    issues = (entry.resource.issue if isinstance(entry.resource, OperationOutcome) else None) or ()
    return any(issue.code in WITHHELD and issue.severity in _NOT_FAILURES for issue in issues)
