"""Which side an entry's words and body site name."""

import pytest

from cds_service.sides import side


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        (("left leg swelling",), "left"),
        (("Leg oedema", "Right lower leg structure"), "right"),
        (("L leg swelling",), "left"),
        (("Beinödem links",), "left"),
        (("oedème jambe gauche",), "left"),
        (("Bilateral ankle oedema",), "both"),
        (("oedema of both legs",), "both"),
        (("right calf swelling and left ankle oedema",), "both"),
        (("Ankle edema (finding)",), ""),
        (("Leg oedema due to right heart failure",), ""),
        (("leg oedema, left ventricular failure",), ""),
        ((), ""),
    ],
)
def test_side_is_read_from_words_and_body_site(texts: tuple[str, ...], said: str) -> None:
    assert side(texts) == said
