"""Settings: defaults that are safe on this machine, variables, and one clear line when one is wrong."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from cds_service.settings import load, today

_OF_THE_SITE = ("CODE_MAP", "LABS_BY", "ALSO_ASK", "CRAMP_LINK_IDS")


@pytest.fixture(autouse=True)
def _nothing_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HOST", "PORT", "TODAY", "PROFILE", "BASE_URL", "CORS_ORIGINS", "TIMEZONE", *_OF_THE_SITE):
        monkeypatch.delenv(f"LEGCRAMPS_{name}", raising=False)


def test_the_defaults_are_a_demonstration_on_this_machine() -> None:
    settings = load()

    assert (settings.host, settings.port, settings.base_url) == ("127.0.0.1", 8000, "http://127.0.0.1:8000")
    assert (settings.profile, settings.is_demo, settings.is_loopback) == ("demo", True, True)
    assert (settings.max_body, settings.cors_origins) == (4 * 1024 * 1024, ("*",))
    assert (settings.cards.name, settings.fixtures.name) == ("cards", "fixtures")


def test_variables_set_and_arguments_win(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEGCRAMPS_PORT", "9000")
    monkeypatch.setenv("LEGCRAMPS_CORS_ORIGINS", "https://a.example/, https://b.example")

    settings = load(host=None, port=9001)

    assert settings.port == 9001
    assert settings.cors_origins == ("https://a.example", "https://b.example")


@pytest.mark.parametrize(
    ("host", "profile"),
    [
        ("localhost", "demo"),
        ("127.9.9.9", "demo"),
        ("::1", "demo"),
        ("0.0.0.0", "production"),  # noqa: S104 - a value, nothing listens
        ("::", "production"),
        ("ehr.example", "production"),
    ],
)
def test_unsigned_knowledge_stays_on_this_machine_by_default(host: str, profile: str) -> None:
    assert load(host=host, unauthenticated=True).profile == profile


def test_a_profile_can_be_chosen() -> None:
    assert load(host="ehr.example", profile="demo", unauthenticated=True).is_demo
    assert not load(profile="pilot").is_demo


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ({"host": "::1", "port": 80}, "http://[::1]:80"),
        ({"host": "::"}, "http://127.0.0.1:8000"),
        ({"base_url": "https://cds.example/cramps/"}, "https://cds.example/cramps"),
    ],
)
def test_links_lead_to_an_address_that_can_be_called(given: dict[str, object], url: str) -> None:
    assert load(**given, unauthenticated=True).base_url == url


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ({"port": "x"}, "LEGCRAMPS_PORT: "),
        ({"port": 70_000}, "LEGCRAMPS_PORT: "),
        ({"host": ""}, "LEGCRAMPS_HOST: "),
        ({"timezone": "Mars/Base"}, "LEGCRAMPS_TIMEZONE: is no IANA time zone"),
        ({"timezone": "../../etc/passwd"}, "LEGCRAMPS_TIMEZONE: is no IANA time zone"),
        ({"max_body": 0}, "LEGCRAMPS_MAX_BODY: "),
        ({"cards": "/nowhere"}, "LEGCRAMPS_CARDS: is no folder"),
        ({"profile": "Demo!"}, "LEGCRAMPS_PROFILE: "),
        ({"base_url": "cds.example"}, "LEGCRAMPS_BASE_URL: starts with"),
        ({"log_level": "loud"}, "LEGCRAMPS_LOG_LEVEL: is debug"),
        ({"code_map": "/nowhere/map.json"}, "LEGCRAMPS_CODE_MAP: is no file and no folder"),
        ({"labs_by": "name"}, "LEGCRAMPS_LABS_BY: is code or category"),
        ({"also_ask": "encounters,visits"}, "LEGCRAMPS_ALSO_ASK: is a comma list out of encounters"),
        ({"today": "yesterday"}, "LEGCRAMPS_TODAY: "),
        ({"retention_days": 365}, "LEGCRAMPS_RETENTION_DAYS: "),
        ({"retention_days": 36_501}, "LEGCRAMPS_RETENTION_DAYS: "),
        ({"today": "2026-06-15", "host": "ehr.example"}, "LEGCRAMPS_TODAY is for trying things out"),
    ],
)
def test_a_setting_that_is_wrong_is_told_in_one_line(given: dict[str, object], line: str) -> None:
    with pytest.raises(ValueError, match=r"^LEGCRAMPS_") as caught:
        load(**given)

    assert str(caught.value).startswith(line)
    assert "\n" not in str(caught.value)


def test_today_can_be_set_on_this_machine() -> None:
    assert today(load(today="2026-06-15")) == date(2026, 6, 15)


def test_today_is_the_day_in_the_site_s_time_zone() -> None:
    far_east = load(timezone="Pacific/Kiritimati")

    before = datetime.now(UTC)
    day = today(far_east)

    assert day in {
        (before + timedelta(seconds=late)).astimezone(ZoneInfo("Pacific/Kiritimati")).date()
        for late in (0, 60)
    }
    assert today(load()) in {before.date(), (before + timedelta(seconds=60)).date()}


@pytest.mark.parametrize("days", [366, 36_500])
def test_what_is_remembered_may_be_kept_for_a_year_or_a_hundred(days: int) -> None:
    assert load(retention_days=days).retention_days == days


def test_folders_can_be_elsewhere(tmp_path: Path) -> None:
    assert load(cards=tmp_path).cards == tmp_path


def test_what_a_site_s_own_codes_and_forms_are_is_not_set_by_default() -> None:
    settings = load()

    assert (settings.code_map, settings.labs_by) == (None, "code")
    assert (settings.also_ask, settings.cramp_link_ids) == ((), ())


def test_a_site_s_own_codes_and_forms_can_be_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LEGCRAMPS_CODE_MAP", str(tmp_path))
    monkeypatch.setenv("LEGCRAMPS_LABS_BY", "Category")
    monkeypatch.setenv("LEGCRAMPS_ALSO_ASK", "encounters, questionnaireResponses,")
    monkeypatch.setenv("LEGCRAMPS_CRAMP_LINK_IDS", "1.2/night-cramps, Q7")

    settings = load()

    assert (settings.code_map, settings.labs_by) == (tmp_path, "category")
    assert settings.also_ask == ("encounters", "questionnaireResponses")
    assert settings.cramp_link_ids == ("1.2/night-cramps", "Q7")


def test_an_empty_variable_is_as_good_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CODE_MAP", "ALSO_ASK", "CRAMP_LINK_IDS"):
        monkeypatch.setenv(f"LEGCRAMPS_{name}", "")

    settings = load()

    assert (settings.code_map, settings.also_ask, settings.cramp_link_ids) == (None, (), ())
