"""Conditions as written -> active diagnoses, and whether a pregnancy is current."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from cds_service.dates import Span, said, written
from cds_service.facts import Diagnosed
from cds_service.names import cancelled, tokens
from cds_service.record import Diagnosis, Person, Result
from cds_service.sides import side
from cds_service.terminology import Match, ValueSets

_DAYS_A_YEAR = Decimal("365.25")
_OVER = {"inactive", "remission", "resolved"}
_WRONG = {"refuted", "entered-in-error"}
_DOUBTED = {"provisional", "differential", "unconfirmed"}

# KNOWLEDGE C12
_STALE_PREGNANCY = 300  # days since it was recorded
_LONGEST_GESTATION = 42 * 7
_DUE = 40 * 7
_NOT_AT_AGE = 60  # years: from then on such an entry is a slip, or about another
_PREGNANT = {"pregnant": True, "yes": True, "not-pregnant": False, "no": False}
_ENDED_WORDS = {
    "delivery", "delivered", "postpartum", "puerperium", "miscarriage", "miscarried", "stillbirth", "childbirth",
    "livebirth", "abortion", "abortive", "termination",
}  # fmt: skip
# "threatened abortion", "scar from previous caesarean delivery", "labour without delivery": the pregnancy goes on
_NOT_ENDED_WORDS = {
    "threatened", "previous", "prior", "history", "past", "without", "before", "planned", "plan", "no", "not",
    "false", "risk", "desired", "request", "undelivered",
}  # fmt: skip


def is_active(diagnosis: Diagnosis, today: date) -> bool:
    """Whether the entry still stands: not refuted, not over (KNOWLEDGE X13)."""
    if diagnosis.verification in _WRONG or diagnosis.clinical in _OVER:
        return False
    ended = written(diagnosis.abated_on)
    return not diagnosis.abated or (ended is not None and ended.first > today)


def began(diagnosis: Diagnosis, person: Person) -> Span | None:
    """The stated onset: a date, or an age counted from the birth date; None when neither is readable."""
    stated = written(diagnosis.onset) or said(diagnosis.onset)
    birth = written(person.birth)
    if stated is not None or diagnosis.onset_age is None or birth is None:
        return stated
    youngest, oldest = (int(age * _DAYS_A_YEAR) for age in diagnosis.onset_age)
    first, last = birth.plus(youngest).first, birth.plus(oldest).last
    recorded = written(diagnosis.recorded)
    # nothing begins after it was written down
    return Span(first, max(first, min(last, recorded.last)) if recorded else last)


def diagnosed(diagnosis: Diagnosis, match: Match, person: Person) -> Diagnosed:
    """One active entry, read as one concept."""
    recorded = written(diagnosis.recorded)
    return Diagnosed(
        concept=match.value_set,
        source=diagnosis.source,
        on=began(diagnosis, person) or recorded,
        recorded=recorded,
        is_confirmed=diagnosis.verification not in _DOUBTED,
        matched_by=match.matched_by,
        side=side((*diagnosis.concept.words(), diagnosis.site)),
    )


# --- pregnancy ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Gestation:
    """What dates the pregnancy: the day it began (last period), by which entry, written when."""

    began: date
    source: str
    recorded: date


def gestations(dated: Iterable[tuple[str, Result]]) -> list[Gestation]:
    """Read due dates, last periods and gestational ages (analyte, entry); newest entry first."""
    found = [made for analyte, result in dated if (made := _gestation(analyte, result))]
    return sorted(found, key=lambda each: (each.recorded, each.began, each.source), reverse=True)


def _gestation(analyte: str, result: Result) -> Gestation | None:
    taken = written(result.taken)
    if taken is None or not taken.is_full or result.status in ("entered-in-error", "cancelled"):
        return None
    value = written(result.dated)
    if analyte == "estimated_delivery_date" and value and value.is_full:
        return Gestation(value.first - timedelta(days=_DUE), result.source, taken.first)
    if analyte == "lmp_date" and value and value.is_full:
        return Gestation(value.first, result.source, taken.first)
    if analyte == "gestational_age" and result.measured is not None:
        days = result.measured.value * (7 if result.measured.unit in ("wk", "weeks", "week") else 1)
        if (
            result.measured.unit in ("wk", "weeks", "week", "d", "days")
            and 0 <= days <= _LONGEST_GESTATION + 14
        ):
            return Gestation(taken.first - timedelta(days=int(days)), result.source, taken.first)
    return None


def observed_pregnancies(
    entries: Iterable[tuple[str, Result]], value_sets: ValueSets
) -> tuple[list[Diagnosed], list[date]]:
    """
    Pregnancies that Observations report (a status, a due date, a gestational age), and days on which one was denied.

    A last period alone is no pregnancy.
    """
    present, denied = [], []
    for analyte, result in entries:
        taken = written(result.taken)
        if taken is None or result.status in ("entered-in-error", "cancelled", "registered"):
            continue
        says = (
            _says_pregnant(result, value_sets)
            if analyte == "pregnancy_status"
            else _gestation(analyte, result) is not None
        )
        if says and analyte != "lmp_date":
            present.append(Diagnosed("pregnancy_current", result.source, taken, taken, True, "code"))
        elif says is False and analyte == "pregnancy_status":
            denied.append(taken.first)
    return present, denied


def _says_pregnant(result: Result, value_sets: ValueSets) -> bool | None:
    """By the answer's code, else its words; None when the answer is neither."""
    coded = value_sets.answer(result.answer) if result.answer else ""
    if coded in _PREGNANT:
        return _PREGNANT[coded]
    for word in result.answer.words() if result.answer else ():
        said = tokens(word)
        if "pregnant" in said:
            return not cancelled(said, said.index("pregnant"))
    return result.said


def current_pregnancy(
    entries: Sequence[Diagnosed],
    dated: Sequence[Gestation],
    ended: Sequence[date],
    today: date,
    age: int | None = None,
) -> tuple[Diagnosed, ...]:
    """
    The entries that may describe a pregnancy of today.

    Out of date is one recorded more than 300 days ago, one whose dates put it beyond 42 weeks, and one followed by
    a delivery or a loss (*ended*). An undated active entry counts as current. Of somebody aged 60 or more (*age* in
    years, None when not known) none is believed.
    """
    if age is not None and age >= _NOT_AT_AGE:
        return ()
    newest, last = next(iter(dated), None), max(ended, default=None)
    return tuple(entry for entry in entries if _is_current(entry, newest, last, today))


def _is_current(entry: Diagnosed, newest: Gestation | None, ended: date | None, today: date) -> bool:
    written_on = entry.recorded or entry.on
    if written_on is not None:
        if (today - written_on.last).days > _STALE_PREGNANCY:
            return False
        if ended is not None and ended >= written_on.first:
            return False
        if newest and newest.recorded < written_on.first - timedelta(days=_LONGEST_GESTATION):
            newest = None  # it dated an earlier pregnancy
    return newest is None or (today - newest.began).days <= _LONGEST_GESTATION


def ends_a_pregnancy(words: Iterable[str]) -> bool:
    """Whether an entry's words name a delivery or a loss, and not one that is feared, planned or long past."""
    said = [set(tokens(text)) for text in words]
    return any(_ENDED_WORDS & each for each in said) and not any(_NOT_ENDED_WORDS & each for each in said)
