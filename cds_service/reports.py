"""Does this record say that the patient has nocturnal leg cramps, and since when?"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from functools import lru_cache

from msgspec.structs import replace

from cds_service.code_systems import ICD9CM, ICD10, ICD10CM, SNOMED, canonical, readings
from cds_service.dates import Span, instant, written
from cds_service.diagnoses import began, is_active
from cds_service.facts import Onset, Report
from cds_service.names import LONGEST as LONGEST_TEXT
from cds_service.names import cancelled, dismissed, negated, tokens, word_set
from cds_service.record import (
    LINK_ID,
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

_CONCEPTS = ("nocturnal_leg_cramps", "cramp_and_spasm")
_SYSTEMS = (SNOMED, ICD10CM, ICD10, ICD9CM)
_CRAMP = word_set("cramp cramps cramping")
_CRAMP_PAIRS = frozenset(
    {("muscle", "spasm"), ("muscle", "spasms"), ("charley", "horse"), ("charley", "horses")}
)
_LEG = word_set("leg legs calf calves foot feet toe toes thigh thighs hamstring hamstrings charley")
_NIGHT = word_set("night nights nightly nighttime nocturnal sleep asleep sleeping bed bedtime")
# DECISIONS, Who and when: what a report must not say ...
_ELSEWHERE = word_set("""
    hand hands finger fingers writer writers abdominal abdomen stomach belly bowel intestinal biliary menstrual menses
    uterine pelvic
""")
_EXERTION = word_set("exertion exertional exercise exercising walking running claudication")
# ... and further sites that night cramps must not have when no leg is named
_OTHER_SITES = word_set(
    "arm arms forearm forearms back neck jaw face chest shoulder period periods bladder vocal"
)
_DENYING = word_set("no not denies denied deny without absent negative never none")
_SOMEBODY_ELSE = word_set("family fh mother father brother sister history")
_NO = word_set("no false absent negative neg never none n denied denies not")
_YES = word_set("yes true present positive pos y")
_OPEN = word_set("unknown know asked unable declined refused unsure uncertain possible possibly pending")
_UNREAL_INTENTS = frozenset({"proposal", "plan", "option"})
_WITHDRAWN = frozenset({"refuted", "entered-in-error"})
# not yet, or no longer, said of the patient: Observation and QuestionnaireResponse
_UNFINISHED = frozenset({"entered-in-error", "cancelled", "registered", "in-progress", "stopped"})
_REAL_ORDERS = frozenset({"active", "completed", "on-hold", ""})
_NO_VISIT = frozenset({"cancelled", "entered-in-error", "discontinued"})
_OPEN_VISIT = frozenset({"planned", "arrived", "triaged", "in-progress", "onleave", "on-hold", ""})
_RECALLED = re.compile(
    r"\b(?:past|last|previous) (?:\S+ )?(?:day|night|week|fortnight|month|year)s?\b", re.IGNORECASE
)


class Told(Enum):
    """What an entry about cramps says of the legs."""

    LEG = "leg"
    DENIED = "denied"  # cramps of the leg are said not to be there
    ELSEWHERE = "elsewhere"  # another site, only on exertion, no stated site, past, or somebody else's


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
        told = _told(diagnosis.concept, diagnosis.site, self.value_sets)
        if told is None:
            return None
        if told is not Told.LEG:
            return "denied" if told is Told.DENIED else "other-site"
        if not is_active(diagnosis, self.today):
            return "refuted" if diagnosis.verification in _WITHDRAWN else "resolved"
        onset, recorded = began(diagnosis, person), written(diagnosis.recorded)
        report = _report(diagnosis.source, "diagnosis", onset, recorded)
        return Said(report, present=True, on=recorded or onset)

    def _by_result(self, result: Result, carrier: str, *, is_asked: bool = False) -> Said | Refusal | None:
        """An Observation or an answered question; *is_asked* when it is known to ask about leg cramps."""
        by_code = Told.LEG if is_asked else _told(result.concept, result.site, self.value_sets)
        by_value = _told(result.answer, result.site, self.value_sets) if result.answer else None
        if (by_code is None and by_value is None) or result.status in _UNFINISHED or result.is_of_another:
            return None
        if Told.ELSEWHERE in (by_code, by_value):
            return "other-site"
        present = _answer(result) if by_value is None else by_value is Told.LEG
        taken = written(result.taken)
        if reason := _why_not(present, taken, self.today):
            return reason
        is_there = bool(present) and by_code is not Told.DENIED
        report = _report(result.source, carrier, None, taken)
        return Said(report, present=is_there, on=taken, at=instant(result.taken))

    def _by_answer(self, answer: Result) -> Said | Refusal | None:
        asked = {coding.code for coding in answer.concept.coding or () if coding.system == LINK_ID}
        is_asked = not asked.isdisjoint(self.link_ids)
        question = Concept(text=_question(answer.concept.text or ""))
        return self._by_result(replace(answer, concept=question), "questionnaire", is_asked=is_asked)

    def _by_medicine(self, medicine: Medicine) -> Said | Refusal | None:
        """A medicine that is being given for leg cramps."""
        if medicine.status not in ("active", "") or _is_unreal(medicine):
            return None
        reason, recorded = self._reason(medicine.reasons), written(medicine.started)
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
        told = {_told(each.concept, "", self.value_sets) for each in reasons if not each.source}
        return next((each for each in (Told.LEG, Told.ELSEWHERE) if each in told), None)


def _other_site(told: Told | None) -> Refusal | None:
    return "other-site" if told is Told.ELSEWHERE else None


def _is_unreal(request: Medicine | Order) -> bool:
    """Whether it was only proposed, or forbidden."""
    return request.do_not_perform or request.intent in _UNREAL_INTENTS


def _question(text: str) -> str:
    """The question as a statement: its mark ends a sentence, and "in the past 4 weeks" is no history."""
    return _RECALLED.sub(" ", text.replace("?", ". "))


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


def _answer(result: Result) -> bool | None:
    """
    What an Observation whose code is leg cramps says; with no value at all the code itself is the finding.

    None when it was not asked, not answered, or the answer is a code without words.
    """
    if result.said is not None:
        return result.said
    if result.measured is not None:
        return result.measured.value > 0
    if result.answer is not None:
        return _yes_or_no(result.answer)
    return None if result.is_absent or result.is_other else True


def _yes_or_no(answer: Concept) -> bool | None:
    words = {token for text in answer.words() for token in tokens(text)}
    if words & _OPEN:
        return None
    if words:
        return not words & _NO
    codes = {(coding.code or "").casefold() for coding in answer.coding or ()}
    return False if codes & _NO else True if codes & _YES else None


def is_about_cramps(concept: Concept, site: str, value_sets: ValueSets) -> bool:
    """Whether an entry is read as one about cramps, of whatever kind."""
    return _told(concept, site, value_sets) is not None


# --- codes and words ------------------------------------------------------------------------------------------


def _told(concept: Concept, site: str, value_sets: ValueSets) -> Told | None:
    """
    What a concept says about cramps of the leg or foot; None when it is not about cramps at all.

    A code for cramps of the leg needs no text; a general one needs a leg word in text or body site, or night cramps
    with no other site. Any other code that is known decides against the words beside it.
    """
    if not (_is_listed(concept, value_sets) or _mentions_cramps(concept)):
        return None
    coded = [match for match in value_sets.diagnoses(concept, site) if match.matched_by != "text"]
    cramps = [match.name for match in coded if match.value_set in _CONCEPTS]
    if coded and not cramps:
        return None
    if any(_LEG & set(tokens(name)) for name in cramps):
        return Told.LEG
    return _read([*map(tokens, (*cramps, *concept.words()))], tokens(site))


def _is_listed(concept: Concept, value_sets: ValueSets) -> bool:
    """By codes alone, because every entry of a record passes here and most are in systems that list no cramps."""
    for coding in concept.coding or ():
        system = canonical(coding.system) if coding.system and coding.code else ""
        if system in _SYSTEMS and (system, readings(system, coding.code or "")[0]) in _cramp_codes(
            value_sets
        ):
            return True
    return False


@lru_cache(maxsize=4)
def _cramp_codes(value_sets: ValueSets) -> frozenset[tuple[str, str]]:
    """The (system, code) pairs of every cramp."""
    return frozenset(
        (system, code)
        for concept in _CONCEPTS
        for system in _SYSTEMS
        for code in value_sets.codes(concept, system)
    )


def _mentions_cramps(concept: Concept) -> bool:
    """Whether the words may be about cramps: a quick look, before any text is taken apart."""
    if concept.text and _has_stem(concept.text):
        return True
    for coding in concept.coding or ():  # written out: it runs for every entry
        if coding.display and coding.display != concept.text and _has_stem(coding.display):
            return True
    return False


def _has_stem(text: str) -> bool:
    low = text[:LONGEST_TEXT].casefold()
    return "cramp" in low or "spasm" in low or "charley" in low


def _read(texts: Sequence[tuple[str, ...]], site: tuple[str, ...]) -> Told | None:
    """What the words of one entry say; a text that takes its cramps back says nothing about the site."""
    if not any(_mentions(words) for words in texts):
        return None
    taken_back = [words for words in texts if _mentions(words) and not _affirms(words)]
    kept = (*(words for words in texts if words not in taken_back), site)
    every = {word for words in kept for word in words}
    said = {word for words in kept for place, word in enumerate(words) if not negated(words, place)}
    if any(map(_affirms, texts)) and _is_leg(every, said):
        return Told.LEG
    is_denied = any(
        _DENYING & set(words)
        and not _SOMEBODY_ELSE & set(words)
        and _is_leg({*words, *site}, {*words, *site})
        for words in taken_back
    )
    return Told.DENIED if is_denied else Told.ELSEWHERE


def _affirms(words: tuple[str, ...]) -> bool:
    """Whether cramps are named at least once without being denied, doubted, past or somebody else's."""
    return any(not cancelled(words, start) and not dismissed(words, end) for start, end in _mentions(words))


def _mentions(words: tuple[str, ...]) -> list[tuple[int, int]]:
    """Where cramps are named: start and end of each place."""
    single = [(place, place + 1) for place, word in enumerate(words) if word in _CRAMP]
    pairs = [(place, place + 2) for place in range(len(words)) if words[place : place + 2] in _CRAMP_PAIRS]
    return single + pairs


def _is_leg(every: set[str], said: set[str]) -> bool:
    """Whether words name the leg, or the night and no other site; *said* are those that no word takes back."""
    if said & _ELSEWHERE or (said & _EXERTION and not every & _NIGHT):
        return False
    return bool(every & _LEG or (every & _NIGHT and not said & _OTHER_SITES))
