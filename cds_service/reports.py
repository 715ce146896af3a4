"""Does this record say that the patient has nocturnal leg cramps, and since when?"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from cds_service.dates import Span, written
from cds_service.diagnoses import began, is_active
from cds_service.facts import Onset, Report
from cds_service.names import cancelled, tokens
from cds_service.record import Concept, Diagnosis, Medicine, Person, Result
from cds_service.terminology import ValueSets

LONGEST = 365  # days for which an Observation of cramps counts (KNOWLEDGE section 1)

_CRAMP = {"cramp", "cramps", "cramping", "charley"}
_LEG = {
    "leg",
    "legs",
    "calf",
    "calves",
    "foot",
    "feet",
    "toe",
    "toes",
    "thigh",
    "thighs",
    "hamstring",
    "hamstrings",
}
_NIGHT = {"night", "nights", "nightly", "nighttime", "nocturnal", "sleep", "asleep", "bed", "bedtime"}
_ELSEWHERE = {
    "hand", "hands", "finger", "fingers", "writer's", "writers", "arm", "arms", "abdominal", "abdomen", "stomach",
    "menstrual", "menses", "period", "uterine", "pelvic", "bowel", "bladder", "back", "neck", "jaw", "chest",
}  # fmt: skip
_EXERTION = {"exertion", "exertional", "exercise", "walking", "running", "claudication"}
_NO = {"no", "false", "absent", "negative", "never", "none", "n", "denied", "denies", "not"}


@dataclass(frozen=True, slots=True)
class Said:
    """One entry about leg cramps: that they are there (True) or not (False), and when it was written."""

    report: Report
    present: bool
    on: Span | None


def reports(
    diagnoses: Iterable[Diagnosis],
    results: Iterable[Result],
    medicines: Iterable[Medicine],
    person: Person,
    value_sets: ValueSets,
    today: date,
) -> tuple[tuple[Report, ...], tuple[str, ...]]:
    """
    The active reports, latest first, and why other entries about cramps are none (reason codes for the log).

    A screening that says "no leg cramps" ends every report that was written before it.
    """
    refusals: list[str] = []
    said = [each for each in (_by_result(result, value_sets, today, refusals) for result in results) if each]
    said += [
        each
        for each in (_by_diagnosis(entry, person, value_sets, today, refusals) for entry in diagnoses)
        if each
    ]
    said += [each for each in (_by_reason(medicine, value_sets) for medicine in medicines) if each]
    denials = [each.on.last for each in said if not each.present and each.on]
    denied = max(denials, default=date.min)
    standing = [each for each in said if each.present and not (each.on and each.on.last < denied)]
    standing = [each for each in standing if each.on or not denials]
    if denials and not standing:
        refusals.append("absent-later")
    ordered = sorted(standing, key=_latest, reverse=True)
    return tuple(each.report for each in ordered), tuple(sorted(set(refusals)))


def _latest(said: Said) -> tuple[date, date, str, str]:
    onset = said.report.onset
    on = said.on.last if said.on else date.min
    return on, onset.on.last if onset else date.min, said.report.carrier, said.report.source


# --- carriers -------------------------------------------------------------------------------------------------


def _by_diagnosis(
    diagnosis: Diagnosis, person: Person, value_sets: ValueSets, today: date, refusals: list[str]
) -> Said | None:
    judged = is_leg_cramp(diagnosis.concept, diagnosis.site, value_sets)
    if judged is None:
        return None
    if not judged:
        refusals.append("other-site")
        return None
    if not is_active(diagnosis, today):
        refusals.append(
            "refuted" if diagnosis.verification in ("refuted", "entered-in-error") else "resolved"
        )
        return None
    onset, recorded = began(diagnosis, person), written(diagnosis.recorded)
    return Said(_report(diagnosis.source, "diagnosis", onset, recorded), present=True, on=recorded or onset)


def _report(source: str, carrier: str, onset: Span | None, recorded: Span | None) -> Report:
    if onset is not None:
        return Report(source, carrier, Onset(onset, is_stated=True), recorded)
    return Report(source, carrier, Onset(recorded, is_stated=False) if recorded else None, recorded)


def _by_result(result: Result, value_sets: ValueSets, today: date, refusals: list[str]) -> Said | None:
    if result.status in ("entered-in-error", "cancelled", "registered"):
        return None
    by_code = is_leg_cramp(result.concept, result.site, value_sets)
    by_value = is_leg_cramp(result.answer, result.site, value_sets) if result.answer else None
    if by_code is None and by_value is None:
        return None
    present = True if by_value else _answer(result) if by_code else None
    if present is None:
        refusals.append("other-site" if not (by_code or by_value) else "unclear")
        return None
    taken = written(result.taken)
    if present and taken is not None and (today - taken.first).days > LONGEST:
        refusals.append("too-old")
        return None
    if present and taken is None:
        refusals.append("undated-observation")
        return None
    return Said(_report(result.source, "observation", None, taken), present=present, on=taken)


def _answer(result: Result) -> bool | None:
    """What an Observation whose code is leg cramps says; with no value at all the code itself is the finding."""
    if result.said is not None:
        return result.said
    if result.answer is not None:
        words = {token for text in result.answer.words() for token in tokens(text)}
        return False if words & _NO else True if words else None
    if result.measured is not None:
        return result.measured.value > 0
    return None if result.is_absent else True


def _by_reason(medicine: Medicine, value_sets: ValueSets) -> Said | None:
    """A medicine that is being given for leg cramps."""
    if medicine.status not in ("active", "") or medicine.do_not_perform:
        return None
    if not any(is_leg_cramp(reason, "", value_sets) for reason in medicine.reasons):
        return None
    recorded = written(medicine.started)
    return Said(_report(medicine.source, "reason for a medicine", None, recorded), present=True, on=recorded)


# --- words ----------------------------------------------------------------------------------------------------


def is_leg_cramp(concept: Concept, site: str, value_sets: ValueSets) -> bool | None:
    """
    Whether a concept means cramps of the leg or foot.

    None when it is not about cramps at all; False when it is about cramps elsewhere, only on exertion, denied, or
    of no stated site. A code for cramps of the leg needs no text; a general one needs a leg word in text or body
    site, or night cramps with no other site.
    """
    matches = value_sets.diagnoses(concept, site)
    coded = [match for match in matches if match.matched_by != "text"]
    cramps = [match for match in coded if match.value_set in ("nocturnal_leg_cramps", "cramp_and_spasm")]
    texts = (*concept.words(), site)
    if cramps:
        about_legs = any(
            match.value_set == "nocturnal_leg_cramps" or _LEG & set(tokens(match.name)) for match in cramps
        )
        return about_legs or _says_leg(texts)
    if coded:
        return None
    spoken = [tokens(text) for text in texts[:-1]]
    if not any(_CRAMP & set(words) for words in spoken):
        return None
    if any(cancelled(words, place) for words in spoken for place, word in enumerate(words) if word in _CRAMP):
        return False
    return _says_leg(texts)


def _says_leg(texts: Sequence[str]) -> bool:
    words = {token for text in texts for token in tokens(text)}
    if words & _ELSEWHERE:
        return False
    if words & _EXERTION and not words & _NIGHT:
        return False
    return bool(words & _LEG or words & _NIGHT)
