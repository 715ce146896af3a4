"""Does this record say that the patient has nocturnal leg cramps, and since when?"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime

from msgspec.structs import replace

from cds_service.cramps import (
    Told,
    asks_for_complaints,
    asks_only_whether,
    implies_cramps,
    is_site_or_time,
    told,
    written_out,
)
from cds_service.dates import Span, instant, written
from cds_service.diagnoses import began, is_active
from cds_service.facts import Onset, Report
from cds_service.names import CLAUSE_END, word_set
from cds_service.names import LONGEST as LONGEST_TEXT
from cds_service.record import (
    LINK_ID,
    UNREAL_INTENTS,
    Concept,
    Diagnosis,
    Medicine,
    Order,
    PatientRecord,
    Person,
    Reason,
    Result,
    Visit,
)
from cds_service.terminology import ValueSets

LONGEST = 365  # days for which an Observation of cramps counts (KNOWLEDGE section 1)

# A written answer is a "no" when it holds nothing else ...
_NO = word_set("""
    no false absent negative neg never none nil n denied denies deny dont doesnt havent nothing nope nein
    nie niemals kein keine keinen keinerlei verneint non jamais aucun aucune nunca ninguna ninguno mai
    nessuno nessuna nao nee nooit geen nej nei aldrig aldri ingen inga negativ 0
""")
_NOT = word_set("not nicht pas ikke inte niet")
_NOT_SO = word_set(
    "present now currently anymore detected observed found reported experienced seen all do does have du"
)
_BESIDE_NO = word_set("""
    i do does have has had she he they patient it them these this those of the above any at all in on and
    or more longer now currently recently lately ever symptom symptoms complaint complaints problem
    problems known reported present detected observed found experienced seen anymore gar uberhaupt du tout
    niente des les la night nights cramp cramps leg legs calf calves foot feet thanks thank you
""")
# ... a "yes" when it holds one of these and nothing that doubts, denies or ends it
_YES = word_set("""
    yes true present positive pos y yeah yep ja jo oui si sim da ongoing unchanged worse worsening same
    persistent persists recurrent chronic constant continuous painful severe moderate mild bad nightly daily weekly
    monthly night nights day days week weeks month months year years times time twice once thrice most
    every each always often frequent frequently occasional occasionally sometimes intermittent
    intermittently regularly usually some since lately recently jede jeden jedes taglich nachtlich nachts
    manchmal oft haufig gelegentlich seit wochentlich regelmassig toutes tous chaque souvent parfois depuis
    toujours quotidien vaak soms elke sinds regelmatig siempre cada todas desde veces frecuente sempre ogni
    spesso volte vezes todos varje hver ofte ibland nogle dagligen dagligt
""")
_OPEN = word_set("""
    ? unknown know asked unable declined refused unsure uncertain sure possible possibly pending perhaps
    maybe applicable hardly rarely rare seldom barely scarcely selten rarement kaum raramente zelden sallan
    sjaelden used ago past previously previous formerly resolved stopped gone better improved cured ended
    unbekannt weiss inconnu inconnue sais desconocido sabe sconosciuto desconhecido sei onbekend okand
    ukjent ukendt prefer
""")
_WITHDRAWN = frozenset({"refuted", "entered-in-error"})
# not yet, or no longer, said of the patient: Observation and QuestionnaireResponse
_UNFINISHED = frozenset({"entered-in-error", "cancelled", "registered", "in-progress", "stopped"})
_REAL_ORDERS = frozenset({"active", "completed", "on-hold", ""})
_NO_VISIT = frozenset({"cancelled", "entered-in-error", "discontinued"})
_OPEN_VISIT = frozenset({"planned", "arrived", "triaged", "in-progress", "onleave", "on-hold", ""})


@dataclass(frozen=True, slots=True)
class Said:
    """One entry about leg cramps: that they are there (True) or not (False), and when it was written."""

    report: Report
    present: bool
    on: Span | None
    at: datetime | None = None

    def is_before(self, other: "Said") -> bool:
        """Whether it was certainly written before *other*; one day without times leaves that open."""
        if self.on is None or other.on is None:
            return False
        if self.on == other.on and self.at and other.at:
            return self.at < other.at
        return self.on.last < other.on.first


def reports(
    record: PatientRecord, value_sets: ValueSets, today: date, link_ids: frozenset[str] = frozenset()
) -> tuple[tuple[Report, ...], tuple[str, ...]]:
    """
    The active reports, latest first, and why other entries about cramps are none (reason codes for the log).

    A screening that says "no leg cramps" ends every report that was written before it. *link_ids* are those of
    questionnaire items that ask about leg cramps at night, whatever their text.
    """
    read = list(_Reader(value_sets, today, link_ids).read(record))
    said = [each for each in read if isinstance(each, Said)]
    refusals = [each for each in read if isinstance(each, str)]
    denials = [each for each in said if not each.present]
    standing = [each for each in said if each.present and not _is_ended(each, denials, today)]
    if denials and not standing:
        refusals.append("absent-later")
    ordered = sorted(standing, key=_latest, reverse=True)
    return tuple(each.report for each in ordered), tuple(sorted(set(refusals)))


def _is_ended(said: Said, denials: Iterable[Said], today: date) -> bool:
    """Whether a later screening says that there are none; an undated report gives way to one that still counts."""
    if said.on is None:
        return any(each.on and (today - each.on.first).days <= LONGEST for each in denials)
    return any(said.is_before(each) for each in denials)


def _latest(said: Said) -> tuple[date, date, str, str]:
    onset = said.report.onset
    on = said.on.last if said.on else date.min
    return on, onset.on.last if onset else date.min, said.report.carrier, said.report.source


# --- carriers -------------------------------------------------------------------------------------------------


Refusal = str  # why an entry about cramps is no report


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads one carrier at a time; None for what is not about cramps."""

    value_sets: ValueSets
    today: date
    link_ids: frozenset[str]

    def read(self, record: PatientRecord) -> Iterator[Said | Refusal | None]:
        """What each entry says about leg cramps."""
        yield from (self._by_result(each, "observation") for each in record.results)
        yield from (self._by_diagnosis(each, record.person) for each in record.diagnoses)
        yield from (self._by_medicine(each) for each in record.medicines if each.reasons)
        yield from (self._by_order(each) for each in record.orders if each.reasons)
        yield from (self._by_visit(each) for each in record.visits if each.reasons)
        yield from (self._by_answer(each) for each in record.answers)

    def _by_diagnosis(self, diagnosis: Diagnosis, person: Person) -> Said | Refusal | None:
        what = told(diagnosis.concept, diagnosis.site, self.value_sets)
        if what is None:
            return None
        if what is not Told.LEG:
            return "denied" if what is Told.DENIED else "other-site"
        if not is_active(diagnosis, self.today):
            return "refuted" if diagnosis.verification in _WITHDRAWN else "resolved"
        recorded = written(diagnosis.recorded)
        onset = _onset(diagnosis, began(diagnosis, person), recorded, self.today)
        report = Report(diagnosis.source, "diagnosis", onset, recorded)
        return Said(report, present=True, on=recorded or (onset.on if onset else None))

    def _by_result(self, result: Result, carrier: str, *, is_asked: bool = False) -> Said | Refusal | None:
        """An Observation or an answered question; *is_asked* when it is known to ask about leg cramps."""
        by_code = Told.LEG if is_asked else told(result.concept, result.site, self.value_sets)
        by_value = told(result.answer, result.site, self.value_sets) if result.answer else None
        if (by_code is None and by_value is None) or result.status in _UNFINISHED or result.is_of_another:
            return None
        if Told.ELSEWHERE in (by_code, by_value):
            return "other-site"
        present = self._present(result, by_code, by_value, is_asked=is_asked)
        taken = written(result.taken)
        if reason := _why_not(present, taken, self.today):
            return reason
        is_there = bool(present) and by_code is not Told.DENIED
        report = _report(result.source, carrier, None, taken)
        return Said(report, present=is_there, on=taken, at=instant(result.taken))

    def _present(
        self, result: Result, by_code: Told | None, by_value: Told | None, *, is_asked: bool
    ) -> bool | None:
        """Whether the cramps are there; None when the question is not about that, or the answer says neither."""
        present = by_value is Told.LEG if by_value else _answer(result, self.value_sets)
        if present is None or is_asked:
            return present
        if by_code is None:
            return present if asks_for_complaints(result.concept) else None
        is_about_that = implies_cramps(result.concept) if present else asks_only_whether(result.concept)
        return present if is_about_that else None

    def _by_answer(self, answer: Result) -> Said | Refusal | None:
        asked = {coding.code for coding in answer.concept.coding or () if coding.system == LINK_ID}
        is_asked = not asked.isdisjoint(self.link_ids)
        question = Concept(text=_question(answer.concept.text or ""))
        return self._by_result(replace(answer, concept=question), "questionnaire", is_asked=is_asked)

    def _by_medicine(self, medicine: Medicine) -> Said | Refusal | None:
        """A medicine that is being given for leg cramps."""
        if medicine.status not in ("active", "") or _is_unreal(medicine):
            return None
        reason = self._reason(medicine.reasons)
        recorded = written(medicine.started or medicine.seen)
        if reason is not Told.LEG:
            return _other_site(reason)
        report = _report(medicine.source, "reason for a medicine", None, recorded)
        return Said(report, present=True, on=recorded)

    def _by_order(self, order: Order) -> Said | Refusal | None:
        """A test or referral that was ordered for leg cramps, within a year."""
        if order.status not in _REAL_ORDERS or _is_unreal(order):
            return None
        reason, is_open = self._reason(order.reasons), order.status in ("active", "")
        if reason is not Told.LEG:
            return _other_site(reason)
        return self._within_a_year(order.source, "reason for an order", order.written, is_open=is_open)

    def _by_visit(self, visit: Visit) -> Said | Refusal | None:
        """A visit for leg cramps, within a year; one that is going on needs no date."""
        if visit.status in _NO_VISIT:
            return None
        reason, is_open = self._reason(visit.reasons), visit.status in _OPEN_VISIT
        if reason is not Told.LEG:
            return _other_site(reason)
        return self._within_a_year(visit.source, "reason for a visit", visit.began, is_open=is_open)

    def _within_a_year(self, source: str, carrier: str, day: str | None, *, is_open: bool) -> Said | Refusal:
        recorded = written(day)
        if recorded is None and not is_open:
            return "undated-reason"
        if recorded is not None and (self.today - recorded.first).days > LONGEST:
            return "too-old"
        return Said(_report(source, carrier, None, recorded), present=True, on=recorded)

    def _reason(self, reasons: Iterable[Reason]) -> Told | None:
        """Whether leg cramps are a reason; what points to an entry of the record is left to that entry."""
        found = {told(each.concept, "", self.value_sets) for each in reasons if not each.source}
        return next((each for each in (Told.LEG, Told.ELSEWHERE) if each in found), None)


def _other_site(what: Told | None) -> Refusal | None:
    return "other-site" if what is Told.ELSEWHERE else None


def _is_unreal(request: Medicine | Order) -> bool:
    """Whether it was only proposed, or forbidden."""
    return request.do_not_perform or request.intent in UNREAL_INTENTS


def _question(text: str) -> str:
    """The question as a statement: its mark ends a sentence."""
    return text[:LONGEST_TEXT].replace("?", ". ")


def _onset(diagnosis: Diagnosis, stated: Span | None, recorded: Span | None, today: date) -> Onset | None:
    """
    The stated onset, else the recorded date; one still to come is none.

    An onset in words that name no date ("childhood") came at some time before it was written down.
    """
    if stated is not None and stated.first <= today:
        return Onset(stated, is_stated=True)
    if stated is None and (diagnosis.onset or diagnosis.onset_age):
        return Onset(
            Span(date.min, (recorded or Span.of(today)).last), is_stated=True, doubt="onset not dated"
        )
    doubt = "the onset given is still to come" if stated else ""
    return Onset(recorded, is_stated=False, doubt=doubt) if recorded else None


def _report(source: str, carrier: str, onset: Span | None, recorded: Span | None) -> Report:
    if onset is not None:
        return Report(source, carrier, Onset(onset, is_stated=True), recorded)
    return Report(source, carrier, Onset(recorded, is_stated=False) if recorded else None, recorded)


def _why_not(present: bool | None, taken: Span | None, today: date) -> str | None:
    if present is None:
        return "unclear"
    if taken is None:
        return "undated-observation"
    return "too-old" if present and (today - taken.first).days > LONGEST else None


def _answer(result: Result, value_sets: ValueSets) -> bool | None:
    """
    What an Observation whose code is leg cramps says; with no value at all the code itself is the finding.

    None when it was not asked, not answered, or the answer is an unknown code without words.
    """
    if result.said is not None:
        return result.said
    if result.measured is not None:
        return result.measured.value > 0
    if result.answer is not None:
        return _yes_or_no(result.answer, value_sets)
    return None if result.is_absent or result.is_other else True


def _yes_or_no(answer: Concept, value_sets: ValueSets) -> bool | None:
    coded = value_sets.answer(answer)
    if coded:
        return {"yes": True, "no": False}.get(coded)
    found = {_written_answer(text) for text in answer.words()}
    if not found:
        found = {_written_answer(coding.code or "") for coding in answer.coding or ()}
        found -= {None} if len(found) > 1 else set()
    return found.pop() if len(found) == 1 else None


def _written_answer(text: str) -> bool | None:
    """
    What an answer in words says: "no" only when nothing else is said, "yes" only when something affirms it.

    "No better" and "not resolved" say that there is something that got no better.
    """
    words = frozenset(written_out(text)) - {CLAUSE_END}
    if words & _OPEN:
        return None
    if words & _NO or (words & _NOT and words & _NOT_SO):
        return False if words <= _NO | _NOT | _NOT_SO | _BESIDE_NO else None
    if words & _NOT:
        return None
    return True if words & _YES or is_site_or_time(text) else None
