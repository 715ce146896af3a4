"""Amounts with a unit."""

from decimal import Decimal

import pytest

from cds_service.quantity import Quantity, days, decimal, quantity


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("3.50", Decimal("3.50")),
        ("3,5", Decimal("3.5")),
        (" 7 ", Decimal(7)),
        ("-0.2", Decimal("-0.2")),
        ("1e3", Decimal(1000)),
        ("1.5E-2", Decimal("0.015")),
    ],
)
def test_number_is_read_as_written(text: str, number: Decimal) -> None:
    found = decimal(text)

    assert found == number


@pytest.mark.parametrize(
    "text", ["", "high", "NaN", "Infinity", "1e999", "3.5 mmol/L", "<3.5", "1.2.3", "1" * 16, "."]
)
def test_what_is_no_number_is_none(text: str) -> None:
    found = decimal(text)

    assert found is None


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("3.5 mmol/L", Quantity(Decimal("3.5"), "mmol/L")),
        ("30 mL/min/{1.73_m2}", Quantity(Decimal(30), "mL/min/{1.73_m2}")),
        ("4 ULN", Quantity(Decimal(4), "ULN")),
        ("3.5", None),
        ("low", None),
        ("mmol/L 3.5", None),
        ("3.5 ", None),
    ],
)
def test_amount_is_a_number_one_space_and_a_unit(text: str, amount: Quantity | None) -> None:
    found = quantity(text)

    assert found == amount


@pytest.mark.parametrize(("text", "printed"), [("3.50 mmol/L", "3.50 mmol/L"), ("1.24e3 U/L", "1240 U/L")])
def test_amount_is_printed_as_written_without_exponent(text: str, printed: str) -> None:
    found = str(quantity(text))

    assert found == printed


def test_amount_without_unit_is_printed_without_space() -> None:
    found = str(Quantity(Decimal("3.5"), ""))

    assert found == "3.5"


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("90 days", 90),
        ("1 day", 1),
        ("6 weeks", 42),
        ("1 week", 7),
        ("24 hours", None),
        ("90", None),
        ("a day", None),
        ("90 d", None),
    ],
)
def test_window_is_days_or_weeks(text: str, count: int | None) -> None:
    found = days(text)

    assert found == count
