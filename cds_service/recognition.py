"""PatientRecord -> Facts: every entry is looked up in the value sets once, then read."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import date
from zoneinfo import ZoneInfo

from cds_service import diagnoses, exposures, reports, results
from cds_service.dates import written
from cds_service.facts import Diagnosed, Exposure, Facts, LabResult, Unusable
from cds_service.knowledge import Knowledge
from cds_service.laboratory import Analyte
from cds_service.record import (
    NOTHING,
    Concept,
    Diagnosis,
    Dose,
    Medicine,
    Order,
    PatientRecord,
    Person,
    Result,
    Supply,
)
from cds_service.terminology import Match, ValueSets

_MEDICINE_KEYS = ("medicationStatements", "medicationRequests")
_FEW_CODINGS = 30
_LONG_ENOUGH = 365  # days that a cut-off, date-sorted list must reach back to be complete for us
PREGNANCY = ("pregnancy_status", "estimated_delivery_date", "lmp_date", "gestational_age")
_ANY_PREGNANCY = "pregnancy"
_ACTIVE_ORDER = {"active"}


@dataclass(frozen=True, slots=True)
class Reading:
    """
    What recognition needs besides the record: codes, units, the day, and the site's time zone if it is known.

    *reads* are the drug classes and concepts that some rule names; others are recognised and not built.
    *cramp_link_ids* are the site's questionnaire items that ask about leg cramps.
    """

    value_sets: ValueSets
    analytes: Mapping[str, Analyte]
    reads: frozenset[str]
    today: date
    zone: ZoneInfo | None = None
    cramp_link_ids: frozenset[str] = frozenset()


def recognised(knowledge: Knowledge) -> frozenset[str]:
    """The value sets whose diagnoses and results `recognise` keeps."""
    return knowledge.reads.union(knowledge.analytes, PREGNANCY, (_ANY_PREGNANCY,))


def recognise(record: PatientRecord, reading: Reading, *, without_report: bool = False) -> Facts:
    """
    Say what the record means.

    Pure: the same record and day give the same facts, whatever the order of the entries. When nothing in it
    reports leg cramps, drugs and results are not looked at, unless *without_report*: no rule would read them.
    """
    today = reading.today
    found, refusals = reports.reports(record, reading.value_sets, today, reading.cramp_link_ids)
    age, is_adult = _age(record.person, today)
    unread = tuple(sorted((each.key, each.kind) for each in record.unread))
    person = Facts(
        today=today,
        is_deceased=record.person.is_deceased,
        age=age,
        is_adult=is_adult,
        reports=found,
        refusals=refusals,
        unread=unread,
        missing=_missing(record.supply),
        cut_off=cut_off(record, reading.today),
    )
    return _read_all(record, reading, person) if found or without_report else person


def _read_all(record: PatientRecord, reading: Reading, person: Facts) -> Facts:
    usable, unusable, dating = _results(record.results, reading)
    conditions = _diagnoses(record, reading)
    dated = diagnoses.gestations(dating)
    observed, denied = diagnoses.observed_pregnancies(dating, reading.value_sets)
    pregnancies = diagnoses.current_pregnancy(
        (*conditions.get("pregnancy_current", ()), *_undecided(conditions), *observed),
        dated,
        (*_ends_of_pregnancy(record), *denied),
        reading.today,
        person.age,
    )
    conditions["pregnancy_current"] = pregnancies
    return replace(
        person,
        exposures=_exposures(record, reading),
        results=usable,
        unusable=unusable,
        diagnoses=conditions,
        gestation=_weeks(dated, reading.today) if pregnancies else None,
        ordered=frozenset(_ordered(record.orders, reading.value_sets)),
        unseen=_unseen(usable, person.missing | person.cut_off, reading),
    )


# --- the person -----------------------------------------------------------------------------------------------


def _age(person: Person, today: date) -> tuple[int | None, bool | None]:
    """Age in whole years as far as it is certain, and whether 18 is reached for certain; None when unknown."""
    birth = written(person.birth)
    if birth is None:
        return None, None
    return _years(birth.last, today), _years(birth.last, today) >= 18


def _years(birth: date, today: date) -> int:
    return today.year - birth.year - ((today.month, today.day) < (birth.month, birth.day))


def _missing(supply: Mapping[str, Supply]) -> frozenset[str]:
    return frozenset(key for key, state in supply.items() if not state.is_known)


# --- medicines ------------------------------------------------------------------------------------------------


def medicine_matches(medicine: Medicine, value_sets: ValueSets) -> tuple[Match, ...]:
    """The classes of a medicine; of its ingredients, when nothing is known of the product itself."""
    matches = value_sets.drugs(medicine.concept, medicine.route)
    if matches or medicine.made_of == NOTHING or value_sets.knows_drug(medicine.concept):
        return matches
    return value_sets.drugs(medicine.made_of, medicine.route)


def named_otherwise(medicine: Medicine, value_sets: ValueSets) -> tuple[str, ...]:
    """The ingredients that the words name in place of what the code says; () where they agree or name nothing known."""
    if not medicine.concept.coding:
        return ()
    texts = [Concept(text=text) for text in medicine.concept.words()]
    telling = [text for text in texts if value_sets.may_be_drug(text)]  # a look that costs little
    if not telling:
        return ()
    coded = _ingredients(medicine_matches(medicine, value_sets))
    said: set[str] = set()
    for text in telling:
        named = _ingredients(value_sets.drugs(text, medicine.route))
        if not coded.isdisjoint(named):
            return ()
        said |= named
    return tuple(sorted(said))


def _ingredients(matches: Iterable[Match]) -> set[str]:
    return {name for match in matches for name in match.name.split(";")}


def _exposures(record: PatientRecord, reading: Reading) -> dict[str, tuple[Exposure, ...]]:
    entries: list[tuple[str, str, str, exposures.Taking]] = []
    products = _Products(reading)
    for medicine in record.medicines:
        product = products.of(medicine) if exposures.is_real(medicine) else None
        if product is not None and product.classes:
            taking = exposures.taking(medicine, product.daily(medicine.doses))
            entries.extend((*each, taking) for each in product.classes)
    return exposures.exposures(entries, _oldest_if_cut(record), reading.today)


@dataclass(frozen=True, slots=True)
class _Product:
    """
    What a record gives, once however often it is given.

    *classes* are those that some rule reads: value set, ingredient, how that was seen. *named* are the words that may
    hold its strength.
    """

    classes: tuple[tuple[str, str, str], ...]
    named: Concept
    _known: dict[tuple[Dose, ...], exposures.Daily] = field(default_factory=dict)

    def daily(self, doses: tuple[Dose, ...]) -> exposures.Daily:
        """What the dosage lines say a day; refills say the same again and again."""
        if (known := self._known.get(doses)) is None:
            known = self._known[doses] = exposures.Daily.of(doses, self.named)
        return known


class _Products:
    """The products of one record."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._known: dict[object, _Product] = {}

    def of(self, medicine: Medicine) -> _Product:
        concept, made_of, route = medicine.concept, medicine.made_of, medicine.route
        # Many entries may refer to one Medication, however long its list of codes: that one is known by its identity.
        is_short = made_of == NOTHING and len(concept.coding or ()) < _FEW_CODINGS
        key: object = (concept, route) if is_short else (id(concept), id(made_of), route)
        if (known := self._known.get(key)) is None:
            known = self._known[key] = self._read(medicine)
        return known

    def _read(self, medicine: Medicine) -> _Product:
        value_sets, reads = self._reading.value_sets, self._reading.reads
        matches = [each for each in medicine_matches(medicine, value_sets) if each.value_set in reads]
        # a strength in the words of another drug is no dose of this one
        is_otherwise = bool(matches) and bool(named_otherwise(medicine, value_sets))
        classes = ((match, name) for match in matches for name in match.name.split(";"))
        return _Product(
            tuple((match.value_set, name, match.matched_by) for match, name in classes),
            NOTHING if is_otherwise else medicine.concept,
        )


def _oldest_if_cut(record: PatientRecord) -> dict[str, date]:
    """For each medication list that goes on unread, the oldest day that it reached; none, if it is in no order."""
    cut = {key for key in _MEDICINE_KEYS if record.supply.get(key) is Supply.PAGED}
    unsorted = {key for key in _MEDICINE_KEYS if record.supply.get(key) is Supply.UNSORTED}
    oldest: dict[str, date] = dict.fromkeys(unsorted, date.max)
    for medicine in record.medicines:
        began = written(medicine.started) if medicine.key in cut else None
        if began is not None:
            oldest[medicine.key] = min(oldest.get(medicine.key, date.max), began.first)
    return oldest


# --- diagnoses ------------------------------------------------------------------------------------------------


def diagnosis_matches(diagnosis: Diagnosis, value_sets: ValueSets) -> tuple[Match, ...]:
    """The concepts of a diagnosis."""
    return value_sets.diagnoses(diagnosis.concept, diagnosis.site)


def _diagnoses(record: PatientRecord, reading: Reading) -> dict[str, tuple[Diagnosed, ...]]:
    found: dict[str, list[Diagnosed]] = defaultdict(list)
    for entry in record.diagnoses:
        if not diagnoses.is_active(entry, reading.today):
            continue
        for match in diagnosis_matches(entry, reading.value_sets):
            if match.value_set in reading.reads or match.value_set == _ANY_PREGNANCY:
                found[match.value_set].append(diagnoses.diagnosed(entry, match, record.person))
    return {concept: tuple(sorted(set(entries), key=_newest)) for concept, entries in found.items()}


def _undecided(conditions: Mapping[str, Sequence[Diagnosed]]) -> Iterator[Diagnosed]:
    """Entries that say no more than "pregnancy": their dates decide whether it is today's."""
    known = {each.source for each in conditions.get("pregnancy_current", ())}
    for entry in conditions.get(_ANY_PREGNANCY, ()):
        if entry.source not in known:
            yield replace(entry, concept="pregnancy_current")


def _newest(entry: Diagnosed) -> tuple[int, str]:
    return -(entry.on.last.toordinal() if entry.on else 0), entry.source


def _ends_of_pregnancy(record: PatientRecord) -> list[date]:
    ended = []
    for entry in record.diagnoses:
        day = written(entry.onset) or written(entry.recorded)
        wrong = entry.verification in ("refuted", "entered-in-error")
        if day is not None and not wrong and diagnoses.ends_a_pregnancy(entry.concept.words()):
            ended.append(day.last)
    return ended


def _weeks(dated: list[diagnoses.Gestation], today: date) -> int | None:
    return (today - dated[0].began).days // 7 if dated else None


# --- results --------------------------------------------------------------------------------------------------


def result_matches(result: Result, value_sets: ValueSets) -> tuple[Match, ...]:
    """The analyte of a result; none of what was measured on somebody or something else."""
    if result.is_of_another:
        return ()
    unit = result.measured.unit if result.measured else ""
    return value_sets.analytes(result.concept, unit, result.specimen)


def _results(
    entries: Iterable[Result], reading: Reading
) -> tuple[dict[str, tuple[LabResult, ...]], tuple[Unusable, ...], list[tuple[str, Result]]]:
    usable: dict[str, list[LabResult]] = defaultdict(list)
    unusable: list[Unusable] = []
    dating: list[tuple[str, Result]] = []
    for entry in entries:
        for match in result_matches(entry, reading.value_sets):
            if match.value_set in PREGNANCY:
                dating.append((match.value_set, entry))
            analyte = reading.analytes.get(match.value_set)
            made = results.lab_result(entry, analyte, reading.today, reading.zone) if analyte else None
            if isinstance(made, LabResult):
                usable[match.value_set].append(made)
            elif made is not None:
                unusable.append(made)
    ordered = {
        name: results.newest_first(members, reading.analytes[name]) for name, members in usable.items()
    }
    corrected = results.adjusted_for_albumin(results.corrected_for_glucose(ordered))
    return corrected, _once(unusable), dating


def _once(unusable: Iterable[Unusable]) -> tuple[Unusable, ...]:
    def place(each: Unusable) -> tuple[str, date, str, str]:
        return each.analyte, each.taken.first if each.taken else date.min, each.why, each.source

    return tuple(sorted(set(unusable), key=place))


def cut_off(record: PatientRecord, today: date) -> frozenset[str]:
    """
    The lists that go on unread where it could matter.

    A date-sorted list is complete for us when it reaches back more than 365 days; conditions are not sorted by a
    date we can rely on, and lists in no order of dates, or of which a part is withheld, may miss anything.
    """
    open_ = {key for key, state in record.supply.items() if state in (Supply.UNSORTED, Supply.WITHHELD)}
    paged = {key for key, state in record.supply.items() if state is Supply.PAGED}
    if not paged:
        return frozenset(open_)
    oldest: dict[str, date] = dict(_oldest_if_cut(record))
    for key, dates in record.reach.items():
        for taken in filter(None, map(written, dates)):
            oldest[key] = min(oldest.get(key, date.max), taken.first)
    return frozenset(open_ | {key for key in paged if (today - oldest.get(key, today)).days <= _LONG_ENOUGH})


def _unseen(usable: Mapping[str, object], doubtful: Set[str], reading: Reading) -> frozenset[str]:
    """The analytes that one of the *doubtful* lists, missing or cut off, may hold and that were not seen elsewhere."""
    return frozenset(
        name for name, analyte in reading.analytes.items() if analyte.group in doubtful and name not in usable
    )


# --- orders ---------------------------------------------------------------------------------------------------


def _ordered(orders: Iterable[Order], value_sets: ValueSets) -> Iterable[str]:
    """The tests that are already on order."""
    for order in orders:
        if order.status in _ACTIVE_ORDER:
            yield from value_sets.tests_ordered(order.concept)
