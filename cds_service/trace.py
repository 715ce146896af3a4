"""Why an answer is as it is, as plain data: what was considered, met, set aside, unknown and lost."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from cds_service import phrases
from cds_service.advise import Advice
from cds_service.facts import Course, Exposure, Fact, Facts, LabResult, Report, Timing
from cds_service.fading import Faded
from cds_service.findings import Judgement
from cds_service.hooks import Card
from cds_service.knowledge import Contributor, Knowledge
from cds_service.normalise import patient_record
from cds_service.recognition import cut_off, medicine_matches, named_otherwise
from cds_service.record import PatientRecord
from cds_service.truth import Answer
from cds_service.verdicts import answers_in_full

_READINGS = 5  # of many readings, those named in the trace


def trace(advice: Advice, knowledge: Knowledge) -> dict[str, Any]:
    """
    Why the answer is what it is: reports, contributors with their criteria, and what was not used.

    Holds nothing when the reader was a patient: then nothing was read.
    """
    facts = advice.facts
    if facts is None or advice.supplied is None:
        return {}
    record = patient_record(advice.supplied)  # all that came, not only what a rule may read
    judged = {each.contributor.row for each in advice.judged}
    return {
        "person": {"age": facts.age, "is_adult": facts.is_adult, "is_deceased": facts.is_deceased},
        "reports": [_report(each) for each in facts.reports],
        "refused": list(facts.refusals),
        "considered": [_considered(each, facts, knowledge) for each in advice.judged],
        "not_in_record": [each.row for each in knowledge.contributors if each.row not in judged]
        if facts.reports
        else [],
        "cards": [_chained(card) for card in advice.cards],
        "faded": [faded_in_short(each) for each in advice.faded],
        "not_used": [
            {
                "what": f"{_label(each.analyte, knowledge)}{f' of {each.taken}' if each.taken else ''}",
                "why": each.why,
                "sources": [each.source],
            }
            for each in facts.unusable
        ],
        "named_otherwise": list(_named_otherwise(record, knowledge)),
        **_lost(facts, record),
    }


def faded_in_short(faded: Faded) -> dict[str, str]:
    """What was not said again, why, since when and until when; a log may hold it, as nothing is in it of a record."""
    told = {
        "rule": faded.matter.rule,
        "why": faded.why,
        "reason": faded.reason,
        "since": str(faded.since),
        "until": str(faded.until) if faded.until else None,
    }
    return {name: value for name, value in told.items() if value is not None}


def _lost(facts: Facts, record: PatientRecord) -> dict[str, Any]:
    return {
        "unread": [{"why": each.problem, "sources": [each.source]} for each in record.unread],
        "missing": sorted(facts.missing),
        "cut_off": sorted(cut_off(record, facts.today)),
    }


def _named_otherwise(record: PatientRecord, knowledge: Knowledge) -> Iterator[dict[str, Any]]:
    """Medicines whose code and words disagree: the code decides, and a person should look."""
    value_sets = knowledge.value_sets
    for medicine in record.medicines:
        said = named_otherwise(medicine, value_sets)
        if said:
            coded = sorted({match.name for match in medicine_matches(medicine, value_sets)})
            what = f"read as {', '.join(coded) or 'nothing of ours'} by the code; the words say {', '.join(said)}"
            yield {"what": what, "sources": [medicine.source]}


def _report(report: Report) -> dict[str, Any]:
    onset = report.onset
    return {
        "carrier": report.carrier,
        "onset": str(onset.on) if onset else None,
        "onset_is_stated": bool(onset and onset.is_stated),
        "sources": [report.source],
    }


def _chained(card: Card) -> dict[str, Any]:
    told = card.extension
    return {
        "card": told["org.legcramps.card"],
        "indicator": card.indicator,
        "chain": told.get("org.legcramps.chain"),
        "rows": {found["row"]: found["role"] for found in told.get("org.legcramps.findings", ())},
    }


def _considered(judgement: Judgement, facts: Facts, knowledge: Knowledge) -> dict[str, Any]:
    contributor, finding = judgement.contributor, judgement.finding
    return {
        "row": contributor.row,
        "id": contributor.id,
        "label": contributor.label,
        "level": finding.level if finding else None,
        "role": finding.role if finding else None,
        "facts": [
            {"says": says, "sources": sources} for says, sources in _about(judgement, facts, knowledge)
        ],
        "set_aside": [
            {
                "says": _fact(each.fact, knowledge),
                "why": each.why or _dropped(each.fact),
                "sources": each.fact.sources,
            }
            for each in judgement.set_aside
        ],
        "criteria": [
            {"level": level, **_answer(answer)}
            for fact in judgement.asked
            for level, answer in answers_in_full(contributor, facts, fact)
        ],
        "unknown": list(finding.unknown) if finding else [],
    }


def _answer(answer: Answer) -> dict[str, Any]:
    return {
        "truth": answer.truth.value,
        "words": answer.words,
        "evidence": list(dict.fromkeys(name for fact in answer.evidence for name in fact.sources)),
        "unknown": list(answer.unknown),
        "parts": [_answer(part) for part in answer.parts],
    }


_Told = tuple[str, Sequence[str]]


def _about(judgement: Judgement, facts: Facts, knowledge: Knowledge) -> Iterable[_Told]:
    """The facts that a contributor was asked about, whether or not it speaks."""
    if judgement.finding:
        return [(_fact(each, knowledge), each.sources) for each in judgement.finding.facts]
    return [] if judgement.set_aside else _subjects(judgement.contributor, facts, knowledge)


def _subjects(contributor: Contributor, facts: Facts, knowledge: Knowledge) -> Iterator[_Told]:
    kinds = {name: each.kind for each in contributor.subjects for name in each.names}
    for name, kind in kinds.items():
        for exposure in facts.exposures.get(name, ()):
            for course in exposure.courses:
                yield _course(exposure, course), course.sources
        results = facts.results.get(name, ())
        if kind == "latest":
            results = facts.latest(name, with_preliminary=True)
        entries: tuple[Fact, ...] = (*results[:_READINGS], *facts.diagnoses.get(name, ()))
        for each in entries:
            yield _fact(each, knowledge), each.sources


def _fact(fact: Fact, knowledge: Knowledge) -> str:
    """A fact as it was understood: plain text, where a card has Markdown."""
    if isinstance(fact, Timing):
        way = f"matched by {fact.exposure.matched_by}"
        return f"{_dosed(fact.exposure, fact.course)}, {phrases.since(fact)}: {fact.time_class.value}, {way}"
    if isinstance(fact, LabResult):
        corrected = f", corrected {fact.corrected}" if fact.corrected is not None else ""
        value = " ".join(fact.readable()).rstrip()
        return f"{_label(fact.analyte, knowledge)} {value}{corrected}, {fact.taken}"
    doubt = "" if fact.is_confirmed else ", not confirmed"
    return (
        f"{phrases.concept(fact, knowledge)}, {phrases.recorded(fact)}{doubt}, matched by {fact.matched_by}"
    )


def _dropped(fact: Fact) -> str:
    return fact.time_class.value if isinstance(fact, Timing) else "not used"


def _course(exposure: Exposure, course: Course) -> str:
    end = (
        "stop date not recorded"
        if course.end_is_unknown
        else f"until {course.ended}"
        if course.ended
        else "running"
    )
    began = f"from {course.began}" if course.began else "start date not recorded"
    return f"{_dosed(exposure, course)}, {began}, {end}"


def _dosed(exposure: Exposure, course: Course) -> str:
    return f"{exposure.ingredient} {phrases.amount(course.dose)}" if course.dose else exposure.ingredient


def _label(analyte: str, knowledge: Knowledge) -> str:
    return knowledge.analytes[analyte].label
