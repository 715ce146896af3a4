"""What the client supplied: omitted, null, failed, empty and cut off kept apart, every entry once."""

import re
from collections.abc import Iterable, Mapping
from itertools import pairwise

import msgspec

from cds_service.errors import DataUnavailable, RequestInvalid
from cds_service.hooks import HookRequest
from cds_service.record import Supply, Unread
from cds_service.resources import Entry, Given, Resource, Supplied
from cds_service.salvage import LOST, NO_RESOURCE, USED_TYPES, PrefetchValue, member, source

# Glucose before the other results: of an entry that stands in both lists the narrower one keeps the date, which tells
# how far back it reaches.
KEYS = (
    "patient",
    "conditions",
    "medicationStatements",
    "medicationRequests",
    "glucose",
    "labs",
    "observations",
    "serviceRequests",
)

MEDICATION_LISTS = ("medicationStatements", "medicationRequests")

# Relative or absolute, of a version or not.
_LITERAL = re.compile(r"(?:.*/)?(?P<type>[A-Z][A-Za-z]+)/(?P<id>[^/]+)(?:/_history/[^/]+)?")
_NOT_DATA = ("Bundle", "OperationOutcome")
_NOT_FAILURES = ("information", "warning", "success")
# FHIR issue types: an empty list beside one of these is not the same as "there is nothing"
WITHHELD = frozenset({"suppressed", "forbidden", "security", "login", "incomplete"})
NESTED = "a Bundle inside a Bundle is not followed"
SEARCH_FAILED = "the search says that part of it failed"


def gather(request: HookRequest, *, has_medicines: bool = True) -> Supplied:
    """
    Everything that came with the request, and what became of each key.

    Keys that we didn't ask for are read too, since a client may have renamed one of ours. *has_medicines* is False for
    a first look, at a request whose medication lists have not been fetched yet.

    Raises:
        RequestInvalid: When data about another patient came along.
        DataUnavailable: When the patient, the diagnoses or both medication lists are not known.
    """
    collector = _Collector(request.patient_id, request.unread)
    # In an order of our own, so that the client's order of keys can't matter.
    for key in (*KEYS, *sorted(request.prefetch.keys() - set(KEYS))):
        value = request.prefetch.get(key)
        if value is not None:
            collector.add(key, value)
    unread = tuple(collector.unread)
    supply = {key: _supply(key, request, unread) for key in KEYS}
    supplied = Supplied(supply, tuple(collector.given), unread)
    _check_required(supplied, request.fetched)
    if has_medicines and not any(supply[key].is_known for key in MEDICATION_LISTS):
        raise _unavailable(MEDICATION_LISTS, "neither was supplied", "at least one of them", request.fetched)
    return supplied


def _check_required(supplied: Supplied, fetched: Mapping[str, str]) -> None:
    if not any(
        given.key == "patient" and given.resource.resource_type == "Patient" for given in supplied.given
    ):
        raise _unavailable(("patient",), "no readable Patient was supplied", "the patient", fetched)
    if not supplied.supply["conditions"].is_known:
        raise _unavailable(("conditions",), "was not supplied or failed", "the conditions", fetched)


def _unavailable(
    keys: tuple[str, ...], problem: str, what: str, fetched: Mapping[str, str]
) -> DataUnavailable:
    """*fetched* tells, for those that we asked the FHIR server for, what came of it."""
    names = ", ".join(f"prefetch.{key}" for key in keys)
    tried = ", ".join(dict.fromkeys(fetched[key] for key in keys if fetched.get(key, "ok") != "ok"))
    attempt = f", and fetching failed ({tried})" if tried else ""
    none = "" if keys == ("patient",) else ", null when there are none"
    return DataUnavailable(f"{names}: {problem}{attempt}; send {what} as prefetch{none}", fetched)


def _supply(key: str, request: HookRequest, unread: Iterable[Unread]) -> Supply:
    """A value that could not be read at all is as good as a failed one."""
    if key not in request.prefetch:
        return Supply.FAILED if any(lost.key == key for lost in unread) else Supply.ABSENT
    value = request.prefetch[key]
    if value is None:
        return Supply.NOTHING
    if value.resource_type == "OperationOutcome":
        return Supply.FAILED
    if value.resource_type == "Bundle":
        supply = _bundle_supply(value)
        is_unsorted = supply is Supply.PAGED and key in request.fetched and not _is_newest_first(value)
        return Supply.UNSORTED if is_unsorted or key in request.unsorted else supply
    # one resource in place of a list is taken; one that can't stand under any of our keys is no answer
    return Supply.GIVEN if value.resource_type in USED_TYPES else Supply.FAILED


def _bundle_supply(bundle: PrefetchValue) -> Supply:
    entries = bundle.entry or ()
    if not _has_results(bundle) and (
        _claims_results(bundle) or any(_is_failure(entry) or _withholds(entry) for entry in entries)
    ):
        return Supply.FAILED
    if any(link.relation == "next" for link in bundle.link or ()):
        return Supply.PAGED
    return Supply.GIVEN if _has_results(bundle) else Supply.EMPTY


def _is_newest_first(bundle: PrefetchValue) -> bool:
    """
    Whether a list that goes on unread has shown its newest entries: servers may ignore `_sort` without a word.

    Partial dates are compared as far as both reach; entries without a date say nothing.
    """
    entries = bundle.entry or ()
    days = [day for entry in entries if entry.resource is not None and (day := _day(entry.resource))]
    return all(later[: len(earlier)] >= earlier[: len(later)] for later, earlier in pairwise(days))


def _day(resource: Resource) -> str:
    """The day by which our queries sort, as far as it is known."""
    period = resource.effective_period
    written = resource.authored_on or resource.effective_date_time or resource.effective_instant
    return (written or (period.start if period else None) or "")[:10]


def _has_results(bundle: PrefetchValue) -> bool:
    """Whether there is an entry, readable or not, that isn't an outcome of the search itself."""
    return any(not _is_outcome(entry) for entry in bundle.entry or ())


def _claims_results(bundle: PrefetchValue) -> bool:
    """
    Whether the search says that it found something.

    Without an entry such a Bundle is a count, or a result that got lost: not the same as "there is nothing".
    """
    return bytes(bundle.total) not in (b"", b"null", b"0")


def _is_outcome(entry: Entry) -> bool:
    return entry.resource is not None and entry.resource.resource_type == "OperationOutcome"


def _is_failure(entry: Entry) -> bool:
    """Whether a searchset's OperationOutcome tells of an error, as it does when it names no severity."""
    if entry.resource is None or not _is_outcome(entry):
        return False
    issues = entry.resource.issue or ()
    return not issues or any(issue.severity not in _NOT_FAILURES for issue in issues)


def _withholds(entry: Entry) -> bool:
    """Whether a searchset's OperationOutcome says, were it only as a warning, that something is not shown to us."""
    issues = (entry.resource.issue if entry.resource and _is_outcome(entry) else None) or ()
    return any(issue.code in WITHHELD for issue in issues)


class _Collector:
    """Takes in entry after entry: names it, checks whose it is, drops repetitions."""

    def __init__(self, patient_id: str, unread: Iterable[Unread]) -> None:
        self.given: list[Given] = []
        self.unread = list(unread)
        self._patient_id = patient_id
        self._patient = f"Patient/{patient_id}"
        self._seen: dict[str, Resource] = {}
        self._variants: set[tuple[str, bytes]] = set()

    def add(self, key: str, value: PrefetchValue) -> None:
        """Take in one prefetch value, a searchset or a single resource."""
        if value.resource_type == "Bundle":
            self._add_entries(key, value.entry or (), _has_results(value))
        elif value.resource_type != "OperationOutcome":
            self._add_entries(key, (Entry(resource=value),), has_results=True)

    def _add_entries(self, key: str, entries: Iterable[Entry], has_results: bool) -> None:
        # Written out, because it runs for every entry: the usual one makes no further call.
        patient, seen, add = self._patient, self._seen, self.given.append
        for place, entry in enumerate(entries):
            resource = entry.resource
            if resource is None or (kind := resource.resource_type) in _NOT_DATA or not kind:
                self._note_problem(key, place, entry, has_results)
                continue
            subject = resource.subject
            is_plain = kind != "Patient" and (subject is None or subject.reference == patient)
            if not is_plain and not self._is_about_the_patient(key, resource):
                continue
            name = f"{kind}/{resource.id}" if resource.id else entry.full_url or ""
            if not name or seen.setdefault(name, resource) is not resource:
                if not self._is_new(name, resource):
                    continue
                name = source(kind, resource.id, entry.full_url, place)
            add(Given(key, name, entry.full_url, resource))

    def _note_problem(self, key: str, place: int, entry: Entry, has_results: bool) -> None:
        resource = entry.resource or Resource()
        kind = resource.resource_type or ""
        if not kind and entry is not LOST:
            self.unread.append(
                Unread(key, kind, source(kind, resource.id, entry.full_url, place), NO_RESOURCE)
            )
        elif kind == "Bundle":
            self.unread.append(Unread(key, kind, source(kind, resource.id, entry.full_url, place), NESTED))
        elif has_results and _is_failure(entry):
            self.unread.append(
                Unread(key, kind, source(kind, resource.id, entry.full_url, place), SEARCH_FAILED)
            )

    def _is_new(self, name: str, resource: Resource) -> bool:
        """
        Whether an entry was not taken in before, though its name was: the content is another one.

        *name* is "" for an entry without one; the same content is then the same entry.
        """
        if name and self._seen[name] == resource:
            return False
        # By hash: comparing with each entry of that name would let a hostile body take hours.
        variant = (name, msgspec.json.encode(resource))
        is_new = variant not in self._variants
        self._variants.add(variant)
        return is_new

    def _is_about_the_patient(self, key: str, resource: Resource) -> bool:
        """
        False for what is about a group, a device or a place.

        Raises:
            RequestInvalid: When it is about another patient.
        """
        whose = whom(resource)
        if whose is None or whose == self._patient:
            return True
        if whose.startswith("Patient/"):
            raise _another_patient(key)
        return False


def whom(resource: Resource) -> str | None:
    """Whom a resource is about, as "Type/id"; None when it doesn't say, or no rule would read it."""
    if resource.resource_type == "Patient":
        return f"Patient/{resource.id}" if resource.id else None
    subject = resource.subject.reference if resource.subject else None
    if subject is None or resource.resource_type not in USED_TYPES:
        return None
    literal = _LITERAL.fullmatch(subject)
    return f"{literal['type']}/{literal['id']}" if literal else None


def _another_patient(key: str) -> RequestInvalid:
    advice = "send only what belongs to the patient of context.patientId"
    return RequestInvalid(member(key), f"holds data about another patient; {advice}")
