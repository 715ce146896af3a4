"""What is put in the place of that which is no character."""

import pytest

from cds_service.salvage import mended

A_PIECE = 256 * 1024  # is looked at in one go


@pytest.mark.parametrize("before", range(A_PIECE - 8, A_PIECE + 1))
def test_no_character_is_cut_where_one_piece_ends(before: int) -> None:
    sent = b"x" * before + "€😀ü".encode() + b"\xe2\x82 \xff"

    assert mended(sent) == sent.decode("utf-8", "replace").encode()


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        (rb"a\ud83db\ude00c", "a\ufffdb\ufffdc"),
        (rb"\ud83d\ude00", r"\ud83d\ude00"),
        (rb"\ud83d\ud83d\ude00", "\ufffd" + r"\ud83d\ude00"),
        (rb"\\ud83d", r"\\ud83d"),
        (rb"\\\ud83d", r"\\" + "\ufffd"),
        (rb"\n\ud83d\"", r"\n" + "\ufffd" + r"\""),
        (rb"\\\\x\\\ude00\\", r"\\\\x\\" + "\ufffd" + r"\\"),
    ],
)
def test_halves_of_pairs_are_replaced_and_nothing_that_only_looks_like_one(sent: bytes, read: str) -> None:
    assert mended(sent) == read.encode()


def test_a_body_of_halves_alone_is_replaced_to_the_last() -> None:
    assert mended(rb"\ud83d" * 50_000) == "\ufffd".encode() * 50_000
