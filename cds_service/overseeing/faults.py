"""Alarms -> faults: what changed together is told together, in words, with what to look at. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from math import log

from cds_service.overseeing.alarms import Alarm, Share
from cds_service.signals import OPEN, RECORD, REPORT, whole

_TOGETHER = timedelta(days=7)  # where a change is rare, its first day is not certain
_TOLD = 3  # alarms of one fault in whole sentences, some others by name
_NAMED = 8
_PLURAL = {"medicine": "medicines", "diagnosis": "diagnoses", "result": "results"}
_OF = {OPEN: "charts", RECORD: "records", REPORT: "patients with a report"}

# What comes first may be the cause of what comes later.
_ORDER = (
    *(OPEN, "unavailable", RECORD, "list", "unread", "size", "dated", "system", "unit", "person", "carrier"),
    *("recognised", "by", "unused", "problem", "analyte", "class", "concept", REPORT, "rule", "silence"),
)
_FOLLOWS = frozenset({REPORT, "rule", "silence"})
_TOPICS = {
    "conditions": "diagnosis",
    "medicationStatements": "medicine",
    "medicationRequests": "medicine",
    "labs": "result",
    "glucose": "result",
    "observations": "result",
    "Condition": "diagnosis",
    "Observation": "result",
    "Medication": "medicine",
    "MedicationStatement": "medicine",
    "MedicationRequest": "medicine",
    "Encounter": "encounters",
    "ServiceRequest": "serviceRequests",
    "QuestionnaireResponse": "questionnaireResponses",
    "reason-for-a-medicine": "medicine",
    "reason-for-an-order": "serviceRequests",
    "reason-for-a-visit": "encounters",
    "observation": "result",
    "questionnaire": "questionnaireResponses",
}
_OWN_TOPIC = {
    **dict.fromkeys(("unit", "unused", "problem", "analyte"), "result"),
    "class": "medicine",
    "concept": "diagnosis",
}
_TOPIC_OF_RULES = {"D": "medicine", "T": "medicine", "L": "result", "C": "diagnosis"}

_NAMES = {
    "unavailable": "charts not answered, since required data could not be had",
    "person": "patients whose age is not known",
    RECORD: "charts whose record was read",
    REPORT: "reports of cramps",
}
_STATES = {"given": "with entries", "absent": "not sent"}
_SYSTEMS = {
    "other": "in a code system that is not known",
    "none": "with codes that name no system",
    "text only": "in words, without any code",
}
_UNITS = {
    "none": "without a unit",
    "not-understood": "in a unit that is not understood",
    "other": "in an unusual unit",
}
_ADVICE = {
    OPEN: "is the client switched off, or does it call for other charts than before?",
    "unavailable": "does the client send the patient, the conditions and a list of medicines, and may we fetch them?",
    RECORD: "are there more calls for patients who look at their own charts?",
    "list": "does the client still send that key, and may it and we read that list? `legcramps doctor` tries our query",
    "size": "is a part of that feed missing, or was the query's _count changed?",
    "unread": "was the sending system updated? `legcramps check` on one record tells what can't be read",
    "dated": "did the sending system move or drop the dates?",
    "system": "did codes change? `legcramps recognise` tells which are known; LEGCRAMPS_CODE_MAP can map the others",
    "unit": "were units changed? `legcramps check` on one record tells which results are not used",
    "person": "do patients still come with their birth dates?",
    "carrier": "is that still how cramps are written down, and is it still sent?",
    "recognised": "did codes change? `legcramps recognise` tells which are known",
    "by": "did codes change, or is the site's own map of codes still loaded?",
    "unused": "were units or codes of this test changed? `legcramps check` on one record tells why it is not used",
    "problem": "were units or dates of results changed? `legcramps check` on one record tells which are not used",
    "analyte": "was the code or the unit of this test changed? `legcramps check` on one record tells",
    "class": "were medicines coded anew, or was that class changed in cards/value_sets?",
    "concept": "were diagnoses coded anew, or was that concept changed in cards/value_sets?",
    REPORT: "is that still how cramps are written down, and is it still sent?",
    "rule": "was the rule or what it reads changed, in cards/ or at the site?",
}
_ANY_ADVICE = "what changed on that day, at the site or here?"


@dataclass(frozen=True, slots=True)
class Fault:
    """Alarms of one client that probably have one cause; the first is the nearest to it."""

    client: str
    alarms: tuple[Alarm, ...]

    @property
    def first(self) -> Alarm:
        """The one that is told first."""
        return self.alarms[0]

    def sentence(self, names: Mapping[str, str]) -> str:
        """One line for a person; *names* are those of rules, classes, concepts and analytes by their ids."""
        told = [each for each in self.alarms if not self._is_said_by_another(each)]
        said = "; ".join(_sentence(each, names) for each in told[:_TOLD])
        others = [name(each.signal, names) for each in told[_TOLD:]]
        rest = f" and {len(others) - _NAMED} more" if len(others) > _NAMED else ""
        more = f"; with it changed: {', '.join(others[:_NAMED])}{rest}" if others else ""
        advice = _ADVICE.get(_first(self.first.signal), _ANY_ADVICE)
        return f"{self.client}: {said}{more}. To look at: {advice} [{self.first.signal}]"

    def _is_said_by_another(self, alarm: Alarm) -> bool:
        """Whether all of an analyte, and not only this unit of it, changed the same way."""
        whole_of = alarm.signal.rpartition(":")[0]
        return any(each.signal == whole_of and each.is_fall == alarm.is_fall for each in self.alarms)


def faults(client: str, alarms: Iterable[Alarm]) -> tuple[Fault, ...]:
    """
    The alarms of one client by what probably caused them, in the order of their beginnings.

    Those about one kind of entry that began within a week belong together; rules, reports and silences that
    changed then are their consequences.
    """
    ordered = sorted(alarms, key=_rank)
    found: list[list[Alarm]] = []
    for each in ordered:
        home = _home(each, found)
        if home is None:
            found.append([each])
        else:
            home.append(each)
    made = (Fault(client, tuple(each)) for each in found)
    return tuple(sorted(made, key=lambda each: (each.first.since, each.first.signal)))


def _home(alarm: Alarm, found: list[list[Alarm]]) -> list[Alarm] | None:
    near = [
        each for each in found if abs(each[0].since - alarm.since) <= _TOGETHER and each[0].signal != OPEN
    ]
    topic = _topic(alarm.signal)
    same = [each for each in near if topic == _topic(each[0].signal)]
    # of several causes nobody knows whose consequence it is
    candidates = same or (near if _first(alarm.signal) in _FOLLOWS else [])
    return min(candidates, key=lambda each: abs(each[0].since - alarm.since), default=None)


def _first(signal: str) -> str:
    return signal.partition(":")[0]


def _topic(signal: str) -> str:
    """What kind of entry a signal is about."""
    first, _, rest = signal.partition(":")
    if first == "rule":
        return _TOPIC_OF_RULES.get(rest[:1], "")
    about = rest.partition(":")[0]
    return (
        _OWN_TOPIC.get(first)
        or _TOPICS.get(about, about if first in ("list", "size", "dated") else "")
        or (about if about in _PLURAL else first)
    )


def _rank(alarm: Alarm) -> tuple[int, float, str]:
    shift = abs(log(alarm.now.odds / alarm.before.odds)) if alarm.signal != OPEN else 0.0
    first = _first(alarm.signal)
    return _ORDER.index(first) if first in _ORDER else len(_ORDER), -shift, alarm.signal


# --- words ------------------------------------------------------------------------------------------------------


def name(signal: str, names: Mapping[str, str]) -> str:
    """A signal in words."""
    first, _, rest = signal.partition(":")
    about, _, kind = rest.partition(":")
    match first:
        case "open":
            return "charts opened"
        case "list":
            return f"{about} {_STATES.get(kind, kind)}"
        case "size":
            return f"{kind} or more entries in {about}" if kind != "1" else f"entries in {about}"
        case "unread":
            return f"unreadable entries of {about}"
        case "dated":
            return f"dates in {about}"
        case "system":
            return f"{_PLURAL.get(about, about)} {_SYSTEMS.get(kind, f'in {kind}')}"
        case "unit":
            return f"results {_UNITS.get(rest, f'in {rest}')}"
        case _:
            return _name_of_meaning(first, about, kind, names)


def _name_of_meaning(first: str, about: str, kind: str, names: Mapping[str, str]) -> str:
    plain = names.get(about) or about.replace("_", " ").replace("-", " ")
    match first:
        case "carrier":
            return f"reports of cramps as {plain}"
        case "recognised":
            return f"{_PLURAL.get(about, about)} recognised"
        case "by":
            return f"{_PLURAL.get(about, about)} recognised by {kind}"
        case "unused":
            return f"{plain} that can't be used"
        case "problem":
            return f"results not used ({plain})"
        case "analyte":
            return f"{plain} in {kind}" if kind else plain
        case "rule":
            return f"rule {about} ({names[about]})" if about in names else f"rule {about}"
        case "silence":
            return f"no card ({plain})"
        case _:
            return _NAMES.get(first, plain)


def _sentence(alarm: Alarm, names: Mapping[str, str]) -> str:
    said, since = name(alarm.signal, names), _day(alarm.since)
    if alarm.signal == OPEN:
        before, now = (_each_day(each) for each in (alarm.before, alarm.now))
        return f"{said}: usually {before} a day, since {since} {now}"
    of = _OF[whole(alarm.signal)]
    return f"{said}: in {_part(alarm.before)} of 100 {of}, since {since} in {_part(alarm.now)}"


def _each_day(share: Share) -> str:
    return (
        f"{share.count / share.of:.0f}" if share.count >= 10 * share.of else f"{share.count / share.of:.1f}"
    )


def _part(share: Share) -> str:
    """So many of a hundred; "none" and "all" are said only where it is so."""
    if share.count == 0:
        return "none"
    if share.count == share.of:
        return "all"
    part = 100 * share.count / share.of
    return f"{part:.1f}" if part < 10 or part > 99 else f"{part:.0f}"


def _day(day: date) -> str:
    return f"{day.day} {day:%b %Y}"
