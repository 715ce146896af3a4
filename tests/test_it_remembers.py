"""
One hospital from day to day: cards are shown and overridden, the service is killed and started again, cards fade, the
report is right to the count, and a quiet fault of a feed is found.

What the report has to say is counted here from what was seen on the wire.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from cds_service.app import create_app
from cds_service.counting import monday
from cds_service.figures import Measure, figures
from cds_service.knowledge import Knowledge
from cds_service.overseeing.watch import Watched, watch
from cds_service.settings import Settings, load
from cds_service.start import knowledge
from tests.client import HOOK_PATH, JSON, alive, call
from tests.databases import Database
from tests.patients import TODAY, APatient, a_patient, days_before
from tests.served import served

FHIR = dict[str, Any]
FEEDBACK = f"{HOOK_PATH}/feedback"
OWN = "https://legcramps.org/fhir/CodeSystem/override-reason"
NORA, OLAF = "Practitioner/nora", "Practitioner/olaf"


def on_a_diuretic(day: date, *, has_potassium: bool) -> APatient:
    """A diuretic begun lately, and a low potassium, if that is sent."""
    treated = with_cramps(day).taking("furosemide", days_before(50, day))
    return treated.with_result("potassium", "3.1 mmol/L", days_before(3, day)) if has_potassium else treated


def very_low_sodium(day: date) -> APatient:
    """A value in the critical range."""
    return with_cramps(day).with_result("sodium", "118 mmol/L", days_before(1, day))


def on_a_new_thiazide() -> APatient:
    """An info card that does not grow old: D01."""
    return with_cramps(TODAY).taking("indapamide", days_before(50))


def with_cramps(day: date) -> APatient:
    return a_patient(day).with_cramps(days_before(30, day))


def without_cramps(day: date) -> APatient:
    return a_patient(day).taking("furosemide", days_before(50, day))


def request_of(patient: APatient, name: str, user: str) -> FHIR:
    """The request about a patient of that name."""
    written = json.dumps(patient.seen_by(user).who(id="p1").request())
    changed: FHIR = json.loads(written.replace('"p1"', f'"{name}"').replace("Patient/p1", f"Patient/{name}"))
    return changed


@dataclass
class Hospital:
    """A site with its database, and what was seen of it."""

    database: Database
    keys: Path
    known: Knowledge
    saw: Counter[tuple[str, ...]] = field(default_factory=Counter)
    rules: dict[str, str] = field(default_factory=dict)  # of the last card on each chart

    def settings(self, day: date) -> Settings:
        return load(store=self.database.url, hash_keys=self.keys, today=day, fade_after=3)

    @contextmanager
    def on(self, day: date) -> Iterator["Ward"]:
        """The service on a day, in this process; ended in good order."""
        app = create_app(self.settings(day), self.known)
        with alive(app):
            yield Ward(self, lambda path, body: call(app, "POST", path, json.dumps(body), JSON).json())

    @contextmanager
    def running(self, folder: Path, day: date) -> Iterator["Ward"]:
        """The service on a day, as a process."""
        folder.mkdir(exist_ok=True)
        given = {"store": self.database.url, "hash_keys": self.keys, "today": day, "fade_after": 3}
        with served(folder, **given) as service:
            yield Ward(self, service.post, service.kill)


@dataclass
class Ward:
    """Where charts are opened."""

    hospital: Hospital
    post: Any
    is_killed: Callable[[], None] = field(default=lambda: None)

    def opens(self, patient: APatient, name: str, user: str = NORA) -> list[FHIR]:
        """The cards on opening a chart."""
        cards: list[FHIR] = self.post(HOOK_PATH, request_of(patient, name, user))["cards"]
        saw = self.hospital.saw
        saw["opens",] += 1
        for card in cards:
            saw["shown", rule_of(card)] += 1
            self.hospital.rules[name] = rule_of(card)
        return cards

    def finds_faded(self, patient: APatient, name: str, user: str) -> None:
        """A chart of which the only card has fallen silent."""
        assert self.opens(patient, name, user) == []
        self.hospital.saw["faded", self.hospital.rules[name]] += 1

    def overrides(self, card: FHIR, reason: str) -> None:
        """A clinician dismisses a card; returns when that is acknowledged."""
        said = {"reason": {"system": OWN, "code": reason}}
        self.post(FEEDBACK, {"feedback": [_outcome(card, "overridden", overrideReason=said)]})
        self.hospital.saw["overridden", rule_of(card), reason] += 1

    def accepts(self, card: FHIR) -> None:
        """A clinician accepts the first suggestion."""
        accepted = [{"id": card["suggestions"][0]["uuid"]}]
        self.post(FEEDBACK, {"feedback": [_outcome(card, "accepted", acceptedSuggestions=accepted)]})
        self.hospital.saw["accepted", rule_of(card)] += 1


def _outcome(card: FHIR, outcome: str, **more: Any) -> FHIR:
    return {"card": card["uuid"], "outcome": outcome, "outcomeTimestamp": "2026-06-15T10:00:00.000Z", **more}


def rule_of(card: FHIR) -> str:
    rule: str = card["source"]["topic"]["code"]
    return rule


@pytest.fixture(scope="module")
def known() -> Knowledge:
    return knowledge(load())


@pytest.fixture
def hospital(database: Database, tmp_path: Path, known: Knowledge) -> Hospital:
    return Hospital(database, tmp_path / "keys", known)


def test_a_month_with_its_kill_is_remembered_counted_to_the_card_and_watched(
    hospital: Hospital, tmp_path: Path
) -> None:
    """Five weeks, in the last of which potassium does not come any more."""
    days = [TODAY - timedelta(days=35 - count) for count in range(35)]
    killed_on, changed_on = days[14], days[28]

    for day in days:
        has_potassium = day < changed_on
        if day == killed_on:
            with hospital.running(tmp_path / "before", day) as ward:
                _a_morning(ward, day, has_potassium=has_potassium)
                ward.is_killed()
            with hospital.running(tmp_path / "after", day) as ward:
                _an_afternoon(ward, day, has_potassium=has_potassium)
        else:
            with hospital.on(day) as ward:
                _a_morning(ward, day, has_potassium=has_potassium)
                _an_afternoon(ward, day, has_potassium=has_potassium)
        _a_week_ago(hospital, day, first=days[0])
    watched = [_watched(hospital, day) for day in (changed_on, TODAY)]

    assert _report(hospital, days[0], TODAY) == hospital.saw
    assert watched[0] == (0, "Nothing changed that chance does not explain.\n")
    assert watched[1][0] == 1
    assert "potassium" in watched[1][1]


def _a_morning(ward: Ward, day: date, *, has_potassium: bool) -> None:
    """Nora opens six charts; she takes a stand on every card but one."""
    assert ward.opens(without_cramps(day), f"{day}-well") == []
    [accepted] = ward.opens(on_a_diuretic(day, has_potassium=has_potassium), f"{day}-accepted")
    [unsaid] = ward.opens(on_a_diuretic(day, has_potassium=has_potassium), f"{day}-unsaid")
    [handled] = ward.opens(very_low_sodium(day), f"{day}-handled")
    [reviewed] = ward.opens(very_low_sodium(day), f"{day}-reviewed")
    [overridden] = ward.opens(on_a_diuretic(day, has_potassium=has_potassium), f"{day}-overridden")
    assert rule_of(unsaid) == rule_of(overridden)
    ward.accepts(accepted)
    ward.overrides(handled, "handled")
    ward.overrides(reviewed, "reviewed")
    ward.overrides(overridden, "benefit")


def _an_afternoon(ward: Ward, day: date, *, has_potassium: bool) -> None:
    """Olaf opens the same charts: what was overridden is silent for him too, but for an urgent card."""
    assert len(ward.opens(on_a_diuretic(day, has_potassium=has_potassium), f"{day}-accepted", OLAF)) == 1
    assert len(ward.opens(on_a_diuretic(day, has_potassium=has_potassium), f"{day}-unsaid", OLAF)) == 1
    assert len(ward.opens(very_low_sodium(day), f"{day}-reviewed", OLAF)) == 1
    ward.finds_faded(on_a_diuretic(day, has_potassium=has_potassium), f"{day}-overridden", OLAF)
    ward.finds_faded(very_low_sodium(day), f"{day}-handled", OLAF)


def _a_week_ago(hospital: Hospital, day: date, first: date) -> None:
    """An urgent card that was dealt with is silent for seven days, should its value still be the last one."""
    for days, speaks in ((7, False), (8, True)):
        then = day - timedelta(days=days)
        if then >= first and then.day % 10 == 0:
            with hospital.on(day) as ward:
                if speaks:
                    assert len(ward.opens(very_low_sodium(then), f"{then}-handled")) == 1
                else:
                    ward.finds_faded(very_low_sodium(then), f"{then}-handled", NORA)


def _watched(hospital: Hospital, today: date) -> tuple[int, str]:
    out = StringIO()
    return watch(hospital.settings(today), Watched(), today, out), out.getvalue()


def test_a_card_falls_silent_for_who_has_seen_it_three_times_and_for_all_after_ninety_days(
    hospital: Hospital,
) -> None:
    six = [f"m{number}" for number in range(6)]
    patient = on_a_new_thiazide()

    with hospital.on(TODAY) as ward:
        nora = [[len(ward.opens(patient, name)) for name in six] for _ in range(4)]
        olaf = [len(ward.opens(patient, name, OLAF)) for name in six]
    with hospital.on(TODAY + timedelta(days=60)) as ward:
        later = len(ward.opens(patient.with_result("potassium", "3.2 mmol/L", "2026-08-01"), six[0]))
    with hospital.on(TODAY + timedelta(days=90)) as ward:
        before = len(ward.opens(patient, six[1], OLAF))
    with hospital.on(TODAY + timedelta(days=91)) as ward:
        after = len(ward.opens(patient, six[2], OLAF))

    assert nora == [[1] * 6, [1] * 6, [1] * 6, [0] * 6]
    assert olaf == [1] * 6
    assert (later, before, after) == (1, 1, 0)
    hospital.saw["faded", "D01"] += 7
    assert _report(hospital, TODAY, TODAY + timedelta(days=91)) == hospital.saw


def _report(hospital: Hospital, first: date, last: date) -> Counter[tuple[str, ...]]:
    """What the report says, unmasked, in the words of what was seen."""
    with hospital.database.connection() as connection:
        made = figures(connection, monday(first), last, floor=1)
    said: dict[tuple[str, ...], Any] = {("opens",): made.count(Measure.OPENS)}
    for rule in made.rules:
        said["shown", rule] = made.count(Measure.SHOWN, rule=rule)
        said["accepted", rule] = made.count(Measure.ACCEPTED, rule=rule)
        said["faded", rule] = made.count(Measure.FADED, rule=rule)
        for reason in made.reasons(Measure.OVERRIDDEN):
            said["overridden", rule, reason] = made.count(Measure.OVERRIDDEN, reason, rule=rule)
    return +Counter(said)
