"""Amounts with a unit."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.quantity import Quantity, Reported, days, decimal, limits, quantity, reported


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
    "text", ["", "high", "NaN", "Infinity", "1e999", "3.5 mmol/L", "<3.5", "1.2.3", "1" * 16, ".", "٣"]
)
def test_what_is_no_number_is_none(text: str) -> None:
    found = decimal(text)

    assert found is None


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1,234", None),
        ("150,000", None),
        ("-1,234", None),
        ("0,015", Decimal("0.015")),
        ("1,23", Decimal("1.23")),
        ("1.234", Decimal("1.234")),
    ],
)
def test_comma_before_three_digits_may_be_thousands_and_is_no_number(
    text: str, number: Decimal | None
) -> None:
    found = decimal(text)

    assert found == number


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("3.1", Reported(Decimal("3.1"), "", "")),
        ("3,1 mmol/L", Reported(Decimal("3.1"), "mmol/L", "")),
        ("3.1mmol/L", Reported(Decimal("3.1"), "mmol/L", "")),
        ("3.1\u00a0mmol/L", Reported(Decimal("3.1"), "mmol/L", "")),
        ("250 10*9/L", Reported(Decimal(250), "10*9/L", "")),
        ("250 x10^9/L", Reported(Decimal(250), "x10^9/L", "")),
        ("7.2%", Reported(Decimal("7.2"), "%", "")),
        ("<2.5", Reported(Decimal("2.5"), "", "<")),
        ("< 2.5 mmol/L", Reported(Decimal("2.5"), "mmol/L", "<")),
        ("≤2.5", Reported(Decimal("2.5"), "", "<=")),
        ("=<2.5", Reported(Decimal("2.5"), "", "<=")),
        ("less than 0.1", Reported(Decimal("0.1"), "", "<")),
        ("Greater than 90 mL/min", Reported(Decimal(90), "mL/min", ">")),
        (">=20000 U/L", Reported(Decimal(20000), "U/L", ">=")),
        ("3.1*", Reported(Decimal("3.1"), "", "")),
        ("3.1 L", Reported(Decimal("3.1"), "", "")),  # flagged low: nobody reports litres
        ("3.1L", Reported(Decimal("3.1"), "", "")),
        ("3.1 (L) mmol/L", Reported(Decimal("3.1"), "mmol/L", "")),
        ("3.1 mmol/L LL", Reported(Decimal("3.1"), "mmol/L", "")),
        ("3.1 low", Reported(Decimal("3.1"), "", "")),
        ("3.1 furlongs", Reported(Decimal("3.1"), "furlongs", "")),
    ],
)
def test_result_written_as_text_is_its_number_unit_and_comparator(text: str, found: Reported) -> None:
    read = reported(text)

    assert read == found


@pytest.mark.parametrize(
    "text",
    [
        "",
        "neg",
        "haemolysed",
        "see note",
        "1+",
        "1 +",
        "3.1-3.3",
        "3.1 - 3.3",
        "3.1 ± 0.1",
        "1,234",
        "1 234",
        "12/20",
        "1:40",
        "<",
        "<<3",
        "LO",
        "2026-06-08",
        "10^9",
        "3" * 61,
    ],
)
def test_text_that_says_anything_else_reports_no_number(text: str) -> None:
    found = reported(text)

    assert found is None


def _bound(number: str, unit: str = "") -> Reported:
    return Reported(Decimal(number), unit, "")


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("3.5-5.1", _bound("3.5"), _bound("5.1")),
        ("3,5 – 5,1", _bound("3.5"), _bound("5.1")),
        ("(3.5 - 5.1 mmol/L)", _bound("3.5", "mmol/L"), _bound("5.1", "mmol/L")),
        ("3.5 mmol/L - 5.1 mmol/L", _bound("3.5", "mmol/L"), _bound("5.1", "mmol/L")),
        ("135 to 145", _bound("135"), _bound("145")),
        ("135 bis 145", _bound("135"), _bound("145")),
        ("<10", None, _bound("10")),
        ("up to 200 U/L", None, _bound("200", "U/L")),
        ("> 60", _bound("60"), None),
        ("≥60 mL/min/1.73m2", _bound("60", "mL/min/1.73m2"), None),
        ("10", None, None),
        ("", None, None),
        ("Not detected", None, None),
        ("5.1-3.5", None, None),
        ("150,000-400,000", None, None),
        ("M: 0.7-1.3 F: 0.5-1.1", None, None),
        ("3.5-5.1 (adult)", None, None),
        ("3.5 mmol/L - 18 mg/dL", None, None),
        ("3.5..5.1", _bound("3.5"), _bound("5.1")),
        ("3.5 ... 5.1 mmol/L", _bound("3.5", "mmol/L"), _bound("5.1", "mmol/L")),
        ("3.5.-5.1", None, None),
        ("1" + "." * 58 + "x", None, None),
        ("1." * 29 + "x", None, None),
    ],
)
def test_range_written_as_text_is_its_limits(text: str, low: Reported | None, high: Reported | None) -> None:
    found = limits(text)

    assert found == (low, high)


@given(st.text(max_size=70))
def test_no_text_is_a_crash(text: str) -> None:
    read, (low, high) = reported(text), limits(text)

    assert read is None or read.value.is_finite()
    assert low is None or high is None or low.value <= high.value


_PLAIN = st.decimals(min_value=0, max_value=9_999, places=2)
_WHOLE = st.integers(0, 99_999)


@given(
    st.one_of(_PLAIN, _WHOLE), st.sampled_from(["", "<", "<=", ">", ">="]), st.sampled_from(["", "mmol/L"])
)
def test_what_is_written_is_read_back(value: Decimal | int, sign: str, unit: str) -> None:
    text = f"{sign}{value} {unit}".strip()

    found = reported(text)

    assert found == Reported(Decimal(value), unit, sign)


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
