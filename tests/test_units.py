"""Units of laboratory results: spellings, sizes, and what follows for the results that carry them."""

from datetime import date
from decimal import Decimal
from functools import cache

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from cds_service import results
from cds_service.contributors import load
from cds_service.facts import LabResult, Unusable
from cds_service.laboratory import Analyte
from cds_service.record import Concept, Measurement, Result
from cds_service.units import (
    Measure,
    alternatives,
    is_of_something_else,
    measure,
    powers_apart,
    reading,
    stated,
)
from tests.patients import CARDS, TODAY

_SAME = {
    "mmol/L": """
        mmol/l; MMOL/L; Mmol/L; mmol / L; mmol per litre; mmol/liter; millimol/L; millimole per liter; mmols/L;
        mmol·L-1; mmol.L-1; mmol*L-1; mmol L-1; mmol L^-1; mmol L⁻¹; mmol⋅L⁻¹; mmol·L^-1; mmol/L{serum}; (mmol/L);
        [mmol/L]; mmol/(L); mmol/L.; umol/mL; µmol/ml""",
    "meq/L": "mEq/L; meq/l; MEQ/L; mval/l; mval/L; mEq per L; milliequivalents/L; mEq/Liter",
    "mg/dL": """
        mg/dl; MG/DL; mg / dl; mg%; mg %; mgs%; mg/100ml; mg/100 mL; mg·dL-1; mg/dL{fasting}; milligram per deciliter;
        milligrams/deciliter""",
    "umol/L": "µmol/L; μmol/l; mcmol/L; micromol/L; UMOL/L; micromole per liter; nmol/mL",
    "ug/L": "µg/l; mcg/L; ng/mL; ng per mL",
    "pg/mL": "ng/L; PG/ML",
    "g/L": "g/l; G/L; gram per liter; mg/mL",
    "U/L": """
        U/l; u/l; IU/L; [IU]/L; [iU]/L; UI/L; IE/l; U·L-1; U.L-1; units/L; Units/Liter; unit per liter; U/L{37C};
        mU/mL""",
    "m[IU]/L": """
        mIU/L; mU/L; mu/l; mUI/L; uIU/mL; µIU/ml; u[IU]/mL; uU/mL; µU/mL; µUI/mL; mcIU/mL; MIU/L; UIU/ML;
        mIU per L; microunits/mL; milliunits/L""",
    "%": "%{HbA1c}; %{hemoglobin}; percent; % ",
    "ukat/L": "µkat/l; microkat/L; mckat/L",
    "mL/min/{1.73_m2}": """
        mL/min/1.73m2; ml/min/1.73 m2; ml/min/1.73m^2; mL/min/1.73m*2; mL/min/1.73m²; ml/min/1,73m²; ML/MIN/1.73M2;
        mL/min/{1.73m2}; mL/min/[1.73_m2]; mL/min/(1.73 m²); mL/min/1.73_m2; mL/min per 1.73 m2; mL/min/1.73;
        mL/min/1.73 sq m; mL/min/1.73 sq. m; ml/min/1.73qm; ml/min/1.73 square metres; mL/min/1.73sqm;
        mL·min-1·1.73m-2; mL/min/(173.10*-2.m2); ml/mn/1,73 m2; mL/min/1.73/m2; mL/min/BSA""",
    "10*9/L": """
        10^9/L; 10**9/L; 10⁹/L; x10⁹/L; ×10^9/L; x10^9/L; x10*9/L; x 10^9 / L; x10 9/L; 10 9/L; 109/L; x10(9)/L;
        10 (9)/L; 10'9/L; 10E9/L; x10e+09/L; Gpt/l; 10*3/uL; 10^3/µL; 10³/µL; x10E3/uL; 10*3/mm3; 10^3/mm^3; K/uL;
        k/ul; K/mcL; K/mm3; thou/uL; thou/cumm; Thousand/uL; Tsd/µl; Tsd./µl; /nL; /nl; 1/nL; cells/nL; {cells}/nL;
        /nanoliter; 10^9/litre""",
    "/uL": "/µL; /µl; /mm3; /cmm; /cumm; cells/uL; {cells}/uL; cells/mm3; 10*6/L",
}
_SPELLINGS = [
    (code, each.strip("\n")) for code, row in _SAME.items() for each in map(str.strip, row.split(";"))
]


@pytest.mark.parametrize(("code", "spelling"), _SPELLINGS)
def test_spellings_of_one_unit_read_alike(code: str, spelling: str) -> None:
    found = reading(spelling)

    assert found == reading(code)


def test_units_of_different_size_or_kind_read_differently() -> None:
    found = {reading(code) for code in _SAME}

    assert len(found) == len(_SAME)


@pytest.mark.parametrize(
    ("unit", "found"),
    [
        ("mmol/L", Measure("mol/l", -3)),
        ("mg/dL", Measure("g/l", -2)),
        ("10*3/uL", Measure("n/l", 9)),
        ("mmol/24 h", Measure("mol/d", -3)),
        ("mL/min", Measure("l/min", -3)),
        ("fL", Measure("l", -15)),
        ("%", Measure("%", 0)),
        ("", None),
        ("1", None),
        ("{score}", None),
        ("furlongs", None),
        ("kg/m2", None),
        ("mmHg", None),
        ("10*9", None),
        ("mmol/L/L/L", None),
        ("m" * 61, None),
    ],
)
def test_unit_is_measured_by_kind_and_power_of_ten(unit: str, found: Measure | None) -> None:
    measured = measure(unit)

    assert measured == found


@pytest.mark.parametrize(
    ("unit", "usual", "is_other"),
    [
        ("mmol/24 h", ("mmol/L",), True),
        ("fL", ("10*9/L", "/uL"), True),
        ("%", ("g/dL", "g/L"), True),
        ("mL/min", ("umol/L", "mg/dL"), True),
        ("mg/g", ("g/L",), True),
        ("mg/L", ("g/L", "g/dL"), True),  # albumin in urine
        ("mmol/L", ("umol/L",), True),  # creatinine in urine
        ("mg/dL", ("g/L", "mg/dL"), False),
        ("g/L", ("mg/dL",), False),
        ("meq/L", ("mmol/L",), False),
        ("furlongs", ("mmol/L",), False),
        ("", ("mmol/L",), False),
        ("mmol/L", (), False),
    ],
)
def test_unit_of_another_kind_or_a_thousand_times_away_is_of_something_else(
    unit: str, usual: tuple[str, ...], is_other: bool
) -> None:
    found = is_of_something_else(unit, frozenset(map(reading, usual)))

    assert found is is_other


@pytest.mark.parametrize(
    ("unit", "usual", "is_other"),
    [
        ("umol/L", ("mmol/L", "mg/dL"), False),  # magnesium in serum
        ("mmol/L", ("umol/L",), False),
        ("mmol/24 h", ("mmol/L",), True),
        ("U/L", ("mmol/L",), True),
    ],
)
def test_where_no_other_specimen_is_measured_in_another_size_only_the_kind_of_unit_refuses(
    unit: str, usual: tuple[str, ...], is_other: bool
) -> None:
    found = is_of_something_else(unit, frozenset(map(reading, usual)), of_any_size=True)

    assert found is is_other


@pytest.mark.parametrize(
    ("unit", "others", "apart"),
    [
        ("umol/L", ("mmol/L", "mg/dL"), -3),
        ("mmol/mL", ("mmol/L",), 3),
        ("mmol/l", ("mmol/L",), 0),
        ("ueq/L", ("mmol/L", "meq/L"), -3),
        ("mg/L", ("mmol/L",), None),
        ("meq/L", ("mmol/L",), None),
        ("furlongs", ("mmol/L",), None),
        ("mmol/L", ("", "{score}"), None),
    ],
)
def test_units_of_one_kind_are_powers_of_ten_apart(
    unit: str, others: tuple[str, ...], apart: int | None
) -> None:
    found = powers_apart(unit, frozenset(map(reading, others)))

    assert found == apart


@pytest.mark.parametrize(
    "unit", ["mmol" + " " * 50 + "/L", "/1.73" + " " * 50 + "x", "\ufdfa" * 55, "1" + "·" * 58 + "x"]
)
def test_blanks_and_characters_that_are_written_out_as_many_make_no_long_unit(unit: str) -> None:
    found = reading(unit)

    assert len(found) <= 60
    assert measure(unit) == (Measure("mol/l", -3) if unit.startswith("mmol") else None)


@pytest.mark.parametrize(
    ("code", "said", "unit"),
    [
        ("mmol/L", "", "mmol/L"),
        ("", "mmol/l", "mmol/l"),
        ("", "", ""),
        ("mmol/L", "mmol per litre", "mmol/L"),
        ("mmol/L", "millimoles, see note", "mmol/L"),
        ("258813002", "mg/dL", "mg/dL"),
        ("LOCAL1", "see note", "LOCAL1"),
        ("mmol/L", "mg/dL", "mmol/L or mg/dL"),
        ("m[IU]/L", "uIU/mL", "m[IU]/L"),
    ],
)
def test_unit_stated_as_code_and_in_words_is_the_understood_one_or_both(
    code: str, said: str, unit: str
) -> None:
    found = stated(code, said)

    assert found == unit


def test_two_stated_units_are_taken_apart_again() -> None:
    found = alternatives("mmol/L or mg/dL"), alternatives("mmol/L")

    assert found == (("mmol/L", "mg/dL"), ("mmol/L",))


# --- laws -----------------------------------------------------------------------------------------------------

_ANALYTES = (
    "calcium_total",
    "creatine_kinase",
    "creatinine",
    "egfr",
    "free_t4",
    "glucose",
    "hba1c",
    "magnesium",
)
_NAMES = st.sampled_from((*_ANALYTES, "platelets", "potassium", "sodium", "tsh"))
_VALUES = st.decimals(min_value=Decimal("0.001"), max_value=Decimal(999_999), places=3)
_ANY_UNIT = st.one_of(st.sampled_from([spelling for _, spelling in _SPELLINGS]), st.text(max_size=12))


@cache
def _analyte(name: str) -> Analyte:
    return load(CARDS, "demo").analytes[name]


def _read(name: str, value: Decimal, unit: str) -> LabResult | Unusable | None:
    result = Result(
        source="Observation/a1",
        concept=Concept(text=name),
        status="final",
        taken="2026-06-08",
        measured=Measurement(value, unit, ""),
        answer=None,
        said=None,
        dated=None,
        low=None,
        high=None,
        site="",
        specimen="",
        remarks="",
        is_absent=False,
        is_other=False,
        is_of_another=False,
        key="labs",
    )
    return results.lab_result(result, _analyte(name), TODAY, None)


@st.composite
def _rewritten(draw: st.DrawFn) -> tuple[str, str]:
    """A unit and another spelling of it: case, blanks, the line between its parts, the micro sign, a note."""
    top, below = (
        draw(st.sampled_from(["mmol", "umol", "mg", "ng", "meq", "mU", "U"])),
        draw(st.sampled_from("Ll")),
    )
    line = draw(st.sampled_from(["/", " / ", " per ", "∕"]))
    spelt = draw(st.sampled_from([top, top.upper(), top.casefold(), top.replace("u", "µ"), f" {top}"]))
    note = draw(st.sampled_from(["", "{serum}", " ", "."]))
    return f"{top}/L", f"{spelt}{line}{below}{note}"


@given(_rewritten())
def test_case_blanks_and_notes_change_no_unit(pair: tuple[str, str]) -> None:
    code, spelling = pair

    found = reading(spelling)

    assert found == reading(code)


@given(st.text(max_size=80))
@example("10*99/L")
@example("/")
@example("mmol/L-1-1-1")
def test_no_text_is_a_crash_and_what_is_read_is_read_again(unit: str) -> None:
    first = reading(unit)

    found = reading(unit)

    assert found == first
    assert measure(unit) is None or ":" in first


@given(_NAMES, _VALUES, _ANY_UNIT)
@example("potassium", Decimal(31), "mmol/L")
@example("platelets", Decimal(250_000), "10*3/uL")
def test_nothing_implausible_is_ever_used(name: str, value: Decimal, unit: str) -> None:
    found = _read(name, value, unit)

    columns = {each.unit: each for each in _analyte(name).columns}
    assert found is not None
    assert isinstance(found, Unusable) or columns[found.unit].low <= found.value <= columns[found.unit].high


@given(_NAMES, _VALUES, st.text(min_size=1, max_size=12))
def test_unit_that_is_not_understood_never_decides(name: str, value: Decimal, unit: str) -> None:
    analyte = _analyte(name)
    assume(analyte.column(unit) is None and analyte.conversion(unit) is None)

    found = _read(name, value, unit)

    assert isinstance(found, Unusable)
    assert found.why == "unit not understood"


@given(_NAMES, _VALUES)
def test_amount_without_a_unit_counts_for_potassium_and_sodium_only(name: str, value: Decimal) -> None:
    found = _read(name, value, "")

    assert isinstance(found, Unusable) or name in ("potassium", "sodium")


# KNOWLEDGE section 9: the same limits in both units
_LIMITS: dict[str, dict[str, tuple[str, ...]]] = {
    "magnesium": {
        "mmol/L": ("0.70", "0.50", "0.40"),
        "mg/dL": ("1.7", "1.2", "1.0"),
        "meq/L": ("1.4", "1.0", "0.8"),
    },
    "calcium_total": {"mmol/L": ("2.12", "1.90"), "mg/dL": ("8.5", "7.6")},
    "glucose": {"mmol/L": ("3.9", "3.0"), "mg/dL": ("70", "54")},
    "hba1c": {"%": ("8.0",), "mmol/mol": ("64",)},
}
_SI = {"magnesium": "mmol/L", "calcium_total": "mmol/L", "glucose": "mmol/L", "hba1c": "%"}


@given(
    st.sampled_from(sorted(_LIMITS)), st.decimals(min_value=Decimal("0.2"), max_value=Decimal(20), places=2)
)
def test_units_agree_away_from_the_limits(name: str, value: Decimal) -> None:
    """A value in one unit stands to the limits of that unit as it does to those of the other, 4 % from each."""
    analyte, limits = _analyte(name), _LIMITS[name]
    first = analyte.columns[0]
    assume(first.low <= value <= first.high)
    assume(all(abs(value - Decimal(each)) > Decimal(each) / 25 for each in limits[_SI[name]]))
    in_other_units = [(each.unit, round(value * each.times + each.plus, 2)) for each in analyte.columns]

    stands = {tuple(amount < Decimal(limit) for limit in limits[unit]) for unit, amount in in_other_units}

    assert len(stands) == 1


@pytest.mark.parametrize("name", sorted(_LIMITS))
def test_first_column_is_the_one_that_factors_start_from(name: str) -> None:
    found = _analyte(name).columns[0]

    assert (found.unit, found.times, found.plus) == (_SI[name], Decimal(1), Decimal(0))


# Molar masses (g/mol): magnesium 24.305, calcium 40.078, glucose 180.16, creatinine 113.12, thyroxine 776.87
@pytest.mark.parametrize(
    ("name", "unit", "exact"),
    [
        ("magnesium", "mg/dL", "2.4305"),
        ("magnesium", "meq/L", "2"),
        ("calcium_total", "mg/dL", "4.0078"),
        ("glucose", "mg/dL", "18.016"),
        ("creatinine", "mg/dL", "0.011312"),
        ("free_t4", "ng/dL", "0.077687"),
    ],
)
def test_factors_are_molar_masses(name: str, unit: str, exact: str) -> None:
    column = _analyte(name).column(unit)

    assert column is not None
    assert abs(column.times / Decimal(exact) - 1) < Decimal("0.002")


@pytest.mark.parametrize(
    ("name", "written", "found"),
    [
        ("magnesium", "17 mg/L", ("0.70", "mmol/L")),
        ("calcium_total", "95 mg/L", ("2.37", "mmol/L")),
        ("calcium_total", "4.8 mEq/L", ("2.40", "mmol/L")),
        ("glucose", "0.70 g/L", ("3.9", "mmol/L")),
        ("creatinine", "10 mg/L", ("88", "umol/L")),
        ("creatinine", "0.088 mmol/L", ("88", "umol/L")),
        ("free_t4", "12 pg/mL", ("1.20", "ng/dL")),
        ("creatine_kinase", "3.2 ukat/L", ("192", "U/L")),
        ("creatine_kinase", "3200 nkat/L", ("192", "U/L")),
        ("platelets", "250000 /uL", ("250", "10*9/L")),
        ("magnesium", "550 umol/L", ("0.550", "mmol/L")),
        ("potassium", "3100 umol/L", ("3.100", "mmol/L")),
        ("potassium", "3100 ueq/L", ("3.100", "mmol/L")),
        ("calcium_total", "2100 µmol/l", ("2.100", "mmol/L")),
        ("glucose", "4100 umol/L", ("4.100", "mmol/L")),
    ],
)
def test_unit_without_limits_of_its_own_is_converted(name: str, written: str, found: tuple[str, str]) -> None:
    number, _, unit = written.partition(" ")

    read = _read(name, Decimal(number), unit)

    assert isinstance(read, LabResult)
    assert (str(read.value), read.unit, read.taken.first) == (*found, date(2026, 6, 8))


@pytest.mark.parametrize(
    ("name", "written"),
    [("tsh", "0.4 mIU/mL"), ("creatine_kinase", "150 U/mL"), ("platelets", "0.3 10*9/mL")],
)
def test_unit_slip_that_would_give_a_plausible_value_is_told_not_converted(name: str, written: str) -> None:
    number, _, unit = written.partition(" ")

    read = _read(name, Decimal(number), unit)

    assert isinstance(read, Unusable)
    assert read.why == "unit not understood"
