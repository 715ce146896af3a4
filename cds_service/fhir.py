"""What the client supplied: omitted, null, failed, empty and cut off kept apart, every entry once."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping

import msgspec

from cds_service import searchsets
from cds_service.errors import DataUnavailable, RequestInvalid
from cds_service.hooks import HookRequest
from cds_service.record import Supply, Unread
from cds_service.resources import Bundle, Entry, Given, OperationOutcome, Patient, Resource, Supplied
from cds_service.salvage import LOST, NO_RESOURCE, USED_TYPES, member, source

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

FURTHER_KEYS = ("encounters", "questionnaireResponses")
"""Keys that only some sites ask for; that one of them is absent says nothing."""

MEDICATION_LISTS = ("medicationStatements", "medicationRequests")

# Relative or absolute, of a version or not.
_LITERAL = re.compile(r"(?:.*/)?(?P<type>[A-Z][A-Za-z]+)/(?P<id>[^/]+)(?:/_history/[^/]+)?")
_NOT_DATA = ("Bundle", "OperationOutcome")
NESTED = "a Bundle inside a Bundle is not followed"
SEARCH_FAILED = "the search says that part of it failed"

# Noted of one list: a body can hold millions of empty entries, and what is noted is kept, named and compared.
_MOST_PROBLEMS = 1000


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
    keys = (*KEYS, *(key for key in FURTHER_KEYS if key in request.prefetch))
    supply = {key: _supply(key, request, unread) for key in keys}
    supplied = Supplied(supply, tuple(collector.given), unread)
    _check_required(supplied, request.fetched)
    if has_medicines and not any(supply[key].is_known for key in MEDICATION_LISTS):
        raise _unavailable(MEDICATION_LISTS, "neither was supplied", "at least one of them", request.fetched)
    return supplied


def _check_required(supplied: Supplied, fetched: Mapping[str, str]) -> None:
    if not any(given.key == "patient" and isinstance(given.resource, Patient) for given in supplied.given):
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
    supply = searchsets.supply(value)
    # only a list that we asked for ourselves: the order of what a client sends has no meaning (DECISIONS, Laws)
    if supply is Supply.PAGED and key in request.fetched and isinstance(value, Bundle):
        is_sorted = key not in request.unsorted and searchsets.is_newest_first(value)
        return supply if is_sorted else Supply.UNSORTED
    return supply


class _Collector:
    """Takes in entry after entry: names it, checks whose it is, drops repetitions."""

    def __init__(self, patient_id: str, unread: Iterable[Unread]) -> None:
        self.given: list[Given] = []
        self.unread = list(unread)
        self._patient_id = patient_id
        self._patient = f"Patient/{patient_id}"
        self._seen: dict[str, Resource] = {}
        self._variants: set[tuple[str, bytes]] = set()
        self._problems: Counter[str] = Counter()

    def add(self, key: str, value: Resource) -> None:
        """Take in one prefetch value, a searchset or a single resource."""
        if isinstance(value, Bundle):
            self._add_entries(key, value.entry or (), searchsets.has_results(value))
        elif not isinstance(value, OperationOutcome):
            self._add_entries(key, (Entry(resource=value),), has_results=True)

    def _add_entries(self, key: str, entries: Iterable[Entry], has_results: bool) -> None:
        # Written out, because it runs for every entry: the usual one makes no further call.
        patient, seen, add = self._patient, self._seen, self.given.append
        for place, entry in enumerate(entries):
            resource = entry.resource
            if resource is None or (kind := resource.resource_type) in _NOT_DATA:
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
        problem = _problem(entry, has_results)
        if not problem or self._problems[key] >= _MOST_PROBLEMS:
            return
        self._problems[key] += 1
        resource = entry.resource or Resource()
        kind = resource.resource_type
        self.unread.append(Unread(key, kind, source(kind, resource.id, entry.full_url, place), problem))

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


def _problem(entry: Entry, has_results: bool) -> str:
    """What is wrong with an entry that holds no data, "" when nothing is lost with it."""
    if entry.resource is None:
        return "" if entry is LOST else NO_RESOURCE
    if isinstance(entry.resource, Bundle):
        return NESTED
    return SEARCH_FAILED if has_results and searchsets.is_failure(entry) else ""


def is_of_another(resource: Resource, patient_id: str) -> bool:
    """
    Whether a resource that was asked for by its patient is about another one, or about what can't be told.

    A server answers with literal references. What is about a group, a device or a place is not used anyway.
    """
    whose = whom(resource)
    if whose is not None:
        return whose != f"Patient/{patient_id}" and whose.startswith("Patient/")
    said = resource.subject.reference if resource.subject else None
    return bool(said) and resource.resource_type in USED_TYPES


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
