"""Keyed hashes and the file of their keys."""

import os
import stat
from datetime import date
from pathlib import Path
from typing import NoReturn

import pytest

from cds_service.pseudonyms import Key, KeysInvalid, load, rotate

NOVEMBER, JANUARY = date(2026, 11, 22), date(2028, 1, 5)
KEY = Key(NOVEMBER, b"k" * 32)


def test_a_patient_is_somebody_else_at_another_client_as_a_user_and_under_another_key() -> None:
    patient = KEY.of("patient", "north", "1")

    others = {
        KEY.of("patient", "south", "1"),
        KEY.of("patient", "north", "2"),
        KEY.of("user", "north", "1"),
        Key(NOVEMBER, b"l" * 32).of("patient", "north", "1"),
    }

    assert KEY.of("patient", "north", "1") == patient
    assert (len(patient), len(others), patient in others) == (32, 4, False)


def test_the_same_fact_looks_different_for_another_patient() -> None:
    one, other = KEY.of("patient", "north", "1"), KEY.of("patient", "north", "2")

    assert KEY.mark(one, "potassium 2.3") == KEY.mark(one, "potassium 2.3")
    assert KEY.mark(one, "potassium 2.3") != KEY.mark(other, "potassium 2.3")
    assert len(KEY.mark(one, "potassium 2.3")) == 8


def test_any_text_that_json_can_hold_has_a_hash() -> None:
    assert KEY.of("patient", "north", "\ud800") != KEY.of("patient", "north", "?")


def test_the_file_is_made_once_and_for_our_eyes_only(tmp_path: Path) -> None:
    file = tmp_path / "state" / "store.keys"

    first, second = load(file), load(file)

    assert first == second
    assert len(first.all) == 1
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(file.parent.iterdir()) == [file]


def test_a_new_key_makes_rows_and_the_old_one_still_finds_its_own(tmp_path: Path) -> None:
    file = tmp_path / "store.keys"
    old = load(file).newest

    there, gone = rotate(file, NOVEMBER, kept_days=400)

    keys = load(file)
    assert (there, gone) == (2, 0)
    assert keys.newest.since == NOVEMBER
    assert keys.all[1] == old
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize(("kept_days", "gone"), [(409, 0), (408, 1)])
def test_a_key_goes_when_no_row_can_be_left_that_it_made(tmp_path: Path, kept_days: int, gone: int) -> None:
    """The first key went out of use on 22 November 2026, 409 days before the next change."""
    file = tmp_path / "store.keys"
    load(file)
    rotate(file, NOVEMBER, kept_days=400)

    assert rotate(file, JANUARY, kept_days) == (3 - gone, gone)


def test_two_changes_on_one_day_leave_the_last_as_the_newest(tmp_path: Path) -> None:
    file = tmp_path / "store.keys"
    rotate(file, NOVEMBER, kept_days=400)
    before = load(file).newest

    rotate(file, NOVEMBER, kept_days=400)

    assert load(file).newest != before
    assert load(file).all[1] == before


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", "holds no key"),
        ("2026-11-22 short\n", "line 1 is not understood"),
        ("2026-11-22 c2hvcnQ=\n", "line 1 has less than 32 bytes"),
        ("yesterday AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n", "line 1 is not understood"),
        ("# ours\n\nsecret\n", "line 3 is not understood"),
        ("schlüssel", "is no file of keys"),
    ],
)
def test_a_file_that_is_not_understood_is_told_without_what_it_holds(
    tmp_path: Path, content: str, problem: str
) -> None:
    file = tmp_path / "store.keys"
    file.write_text(content, "utf-8")

    with pytest.raises(KeysInvalid, match=problem) as raised:
        load(file)

    assert str(raised.value).startswith("LEGCRAMPS_HASH_KEYS: ")
    assert "c2hvcnQ" not in str(raised.value)


def test_a_file_that_cant_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file")

    with pytest.raises(KeysInvalid, match="can't be used"):
        load(tmp_path / "state" / "store.keys")


def test_who_changes_the_key_leaves_the_file_to_its_owner(tmp_path: Path) -> None:
    """Root changes it, the service has to read it."""
    file = tmp_path / "store.keys"
    load(file)
    if os.geteuid() == 0:
        os.chown(file, 10001, 10002)
    before = file.stat()

    rotate(file, NOVEMBER, kept_days=400)

    after = file.stat()
    assert (after.st_uid, after.st_gid) == (before.st_uid, before.st_gid)
    assert stat.S_IMODE(after.st_mode) == 0o600


def test_what_was_left_of_an_earlier_change_gives_the_keys_no_other_rights(tmp_path: Path) -> None:
    file, left = tmp_path / "store.keys", tmp_path / "store.keys.new"
    load(file)
    left.write_text("half of a file")
    left.chmod(0o666)

    rotate(file, NOVEMBER, kept_days=400)

    assert len(load(file).all) == 2
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert not left.exists()


def test_a_link_that_somebody_put_there_is_not_followed(tmp_path: Path) -> None:
    file, target = tmp_path / "store.keys", tmp_path / "elsewhere"
    load(file)
    target.write_text("of somebody else")
    (tmp_path / "store.keys.new").symlink_to(target)

    rotate(file, NOVEMBER, kept_days=400)

    assert target.read_text() == "of somebody else"
    assert not file.is_symlink()


def test_a_new_key_is_the_newest_even_after_one_of_a_clock_that_ran_ahead(tmp_path: Path) -> None:
    file = tmp_path / "store.keys"
    rotate(file, date(2031, 1, 1), kept_days=400)
    ahead = load(file).newest

    rotate(file, NOVEMBER, kept_days=400)

    keys = load(file).all
    assert (keys[0] == ahead, keys[1] == ahead, len(keys)) == (False, True, 3)


def test_a_file_that_cant_be_replaced_is_told_and_stays(tmp_path: Path) -> None:
    file = tmp_path / "store.keys"
    before = load(file)
    (tmp_path / "store.keys.new").mkdir()

    with pytest.raises(KeysInvalid, match="can't be written"):
        rotate(file, NOVEMBER, kept_days=400)

    assert load(file) == before


def test_a_file_system_without_links_will_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*_: object) -> NoReturn:
        raise PermissionError("Operation not permitted")

    monkeypatch.setattr(os, "link", none)

    keys = load(tmp_path / "store.keys")

    assert load(tmp_path / "store.keys") == keys
    assert [each.name for each in tmp_path.iterdir()] == ["store.keys"]
