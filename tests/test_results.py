"""Observations -> lab results in a unit that limits are written in, or a reason why not."""

from datetime import date
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from cds_service import results
from cds_service.dates import Span
from cds_service.facts import LabResult, Unusable
from cds_service.laboratory import Analyte, Column, Conversion, spellings
from cds_service.record import Coding, Concept, Measurement, Result
from tests.as_sent import an_observation, answer_to, cramps_since, quantity, results_of
from tests.findings_of import answer
from tests.patients import FHIR, TODAY, a_patient, days_before

_POTASSIUM = Analyte(
    name="potassium",
    value_set="potassium",
    short="K",
    label="potassium",
    current=90,
    columns=(Column("mmol/L", spellings("mmol/L", "meq/L"), Decimal(1), Decimal(10)),),
    conversions=(),
    without_unit="mmol/L",
    order="potassium",
    group="labs",
    haemolysed_below=Decimal("3.5"),
)
_CK = Analyte(
    name="creatine-kinase",
    value_set="creatine_kinase",
    short="CK",
    label="creatine kinase",
    current=90,
    columns=(Column("U/L", spellings("U/L"), Decimal(5), Decimal(500000)),),
    conversions=(Conversion(spellings("ukat/L"), "U/L", Decimal(60), 0),),
    without_unit="",
    order="CK",
    group="labs",
    worse_is_low=False,
)
_MAGNESIUM = Analyte(
    name="magnesium",
    value_set="magnesium",
    short="Mg",
    label="magnesium",
    current=90,
    columns=(
        Column("mmol/L", spellings("mmol/L"), Decimal("0.1"), Decimal(5)),
        Column("mg/dL", spellings("mg/dL"), Decimal("0.3"), Decimal(12), times=Decimal("2.43")),
        Column("meq/L", spellings("meq/L"), Decimal("0.2"), Decimal(10), times=Decimal(2)),
    ),
    conversions=(Conversion(spellings("mg/L"), "mmol/L", Decimal("0.041152"), 2),),
    without_unit="",
    order="magnesium",
    group="labs",
)
_DAY = Span.of(date(2026, 6, 8))


def _measured(text: str) -> Measurement:
    number, _, unit = text.partition(" ")
    return Measurement(Decimal(number), unit, "")


def _result(value: str | None = "3.1 mmol/L", **members: Any) -> Result:
    made: dict[str, Any] = {
        "source": "Observation/k1",
        "concept": Concept(text="Potassium"),
        "status": "final",
        "taken": "2026-06-08",
        "measured": _measured(value) if value else None,
        "answer": None,
        "said": None,
        "dated": None,
        "low": None,
        "high": None,
        "site": "",
        "specimen": "",
        "remarks": "",
        "is_absent": False,
        "is_other": False,
        "is_of_another": False,
        "key": "labs",
    }
    return Result(**{**made, **members})


def _read(
    result: Result, analyte: Analyte = _POTASSIUM, zone: ZoneInfo | None = None
) -> LabResult | Unusable | None:
    return results.lab_result(result, analyte, TODAY, zone)


def _why(result: Result, analyte: Analyte = _POTASSIUM) -> str | None:
    read = _read(result, analyte)
    return read.why if isinstance(read, Unusable) else None


def _usable(result: Result, analyte: Analyte = _POTASSIUM) -> LabResult:
    read = _read(result, analyte)
    assert isinstance(read, LabResult)
    return read


def test_usable_result_keeps_value_unit_date_limits_and_source() -> None:
    result = _result("3.10 mmol/L", low=_measured("3.5 mmol/L"), high=_measured("5.1"))

    found = _read(result)

    assert found == LabResult(
        analyte="potassium",
        value=Decimal("3.10"),
        unit="mmol/L",
        written="3.10 mmol/L",
        comparator="",
        taken=_DAY,
        clock=None,
        instant=None,
        low=Decimal("3.5"),
        high=Decimal("5.1"),
        source="Observation/k1",
    )


@pytest.mark.parametrize(
    ("unit", "printed"),
    [("meq/L", "3.1 mEq/L"), ("mEq/L", "3.1 mEq/L"), ("MMOL/L", "3.1 MMOL/L"), ("mmol / L", "3.1 mmol / L")],
)
def test_spelling_of_the_unit_does_not_matter_and_is_printed_readably(unit: str, printed: str) -> None:
    found = _usable(_result(f"3.1 {unit}"))

    assert (found.unit, found.written) == ("mmol/L", printed)


def test_unit_that_was_missing_is_marked() -> None:
    found = _usable(_result("3.1"))

    assert (found.unit, found.unit_was_missing, found.written) == ("mmol/L", True, "3.1 mmol/L")


@pytest.mark.parametrize(
    ("result", "why"),
    [
        (_result("3.1 furlongs"), "unit not understood"),
        (_result("31 mmol/L"), "implausible value"),
        (_result("0.99 mmol/L"), "implausible value"),
        (_result(taken=None), "not dated"),
        (_result(taken="last week"), "not dated"),
        (_result(taken="2026-06-17"), "dated in the future"),
        (_result(status=""), "no status"),
        (_result(None, answer=Concept(text="haemolysed, not done")), "not a number"),
        (_result(measured=Measurement(Decimal("3.1"), "mmol/L", "ad")), "not an exact value"),
        (_result("3.1 mg/dL or mmol/L"), "unit not understood"),
        (_result(remarks="taken post-dialysis"), "taken after dialysis"),
        (_result(remarks="nach Hämodialyse"), "taken after dialysis"),
        (_result(remarks="post HD sample"), "taken after dialysis"),
        (_result(concept=Concept(text="Potassium post dialysis")), "taken after dialysis"),
        (_result(remarks="Specimen contaminated"), "flagged specimen"),
        (_result(remarks="Sample taken from drip arm"), "flagged specimen"),
        (_result(remarks="? taken above infusion site; drip arm"), "flagged specimen"),
        (_result(remarks="taken above the infusion"), "flagged specimen"),
        (_result(remarks="Drawn from IV arm."), "flagged specimen"),
        (_result(remarks="arm with a drip"), "flagged specimen"),
        (_result(remarks="Abnahme am Infusionsarm"), "flagged specimen"),
        (_result(None, answer=Concept(text="N/A")), "not a number"),
        (_result(None, answer=Concept(text="pending")), "not a number"),
        (_result(None, answer=Concept(text="to follow")), "not a number"),
        (_result(None, answer=Concept(text="see below")), "not a number"),
        (_result("3.5 mmol/L", remarks="haemolysed"), "haemolysed sample"),
    ],
)
def test_result_that_can_not_be_used_says_why(result: Result, why: str) -> None:
    found = _why(result)

    assert found == why


@pytest.mark.parametrize(
    "remarks",
    ["not taken from drip arm", "No drip arm", "left arm", "iron infusion last week", "drip arm: no"],
)
def test_drip_that_did_not_touch_the_sample_takes_nothing_away(remarks: str) -> None:
    found = _usable(_result(remarks=remarks))

    assert found.written == "3.1 mmol/L"


def test_of_a_date_one_day_ahead_a_time_zone_may_be_the_reason() -> None:
    found = _usable(_result(taken="2026-06-16"))

    assert found.taken == Span.of(date(2026, 6, 16))


@pytest.mark.parametrize("status", ["entered-in-error", "cancelled", "registered", "unknown"])
def test_withdrawn_entry_says_nothing(status: str) -> None:
    found = _read(_result(status=status))

    assert found is None


def test_entry_without_any_value_says_nothing() -> None:
    found = _read(_result(None, is_absent=True))

    assert found is None


@pytest.mark.parametrize("unit", ["", "mg"])
def test_analyte_whose_units_differ_is_not_guessed(unit: str) -> None:
    found = _why(_result(f"500 {unit}".strip()), _CK)

    assert found == ("unit not understood" if unit else "no unit")


@pytest.mark.parametrize(
    ("remarks", "is_haemolysed"),
    [
        ("haemolysed", True),
        ("Hemolyzed specimen", True),
        ("slight hämolysis", True),
        ("not haemolysed", False),
        ("no hemolysis", False),
        ("Hemolysis: none", False),
        ("serum", False),
    ],
)
def test_haemolysis_counts_only_when_it_is_affirmed(remarks: str, is_haemolysed: bool) -> None:
    found = _usable(_result("3.1 mmol/L", remarks=remarks))

    assert found.is_haemolysed is is_haemolysed


def test_preliminary_result_is_marked() -> None:
    found = _usable(_result(status="preliminary"))

    assert found.is_preliminary


def test_unit_a_power_of_ten_away_is_converted_with_its_reference_range_and_printed_as_reported() -> None:
    result = _result("550 umol/L", low=_measured("700 umol/L"), high=_measured("1.05 mmol/L"))

    found = _usable(result, _MAGNESIUM)

    assert (found.value, found.unit, found.low, found.high, found.written) == (
        Decimal("0.55"),
        "mmol/L",
        Decimal("0.7"),
        Decimal("1.05"),
        "550 umol/L",
    )


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("0.7 umol/L", "implausible value"),
        ("0.55 mol/L", "implausible value"),
        ("20 mg/kg", "unit not understood"),
        ("0.7 mmol/24 h", "unit not understood"),
    ],
)
def test_magnesium_in_a_unit_that_can_not_be_brought_to_a_plausible_value_is_told(
    value: str, why: str
) -> None:
    found = _why(_result(value), _MAGNESIUM)

    assert found == why


def test_unit_without_a_limit_is_converted_with_its_reference_range() -> None:
    result = _result("34.004 ukat/L", high=_measured("3.2 ukat/L"))

    found = _usable(result, _CK)

    assert (found.value, found.unit, found.high, found.written) == (
        Decimal(2040),
        "U/L",
        Decimal(192),
        "34.004 ukat/L",
    )


@pytest.mark.parametrize(
    ("limit", "read"),
    [
        (_measured("200 U/L"), Decimal(200)),
        (_measured("200"), Decimal(200)),
        (_measured("200 mg/dL"), None),
        (None, None),
    ],
)
def test_limit_in_another_unit_is_not_used(limit: Measurement | None, read: Decimal | None) -> None:
    found = _usable(_result("500 U/L", high=limit), _CK)

    assert found.high == read


def test_printed_unit_is_not_a_ucum_code() -> None:
    found = _usable(_result("500 [IU]/L"), _CK)

    assert found.written == "500 IU/L"


def test_exponent_is_never_printed() -> None:
    found = _usable(_result("1.24e3 U/L"), _CK)

    assert found.written == "1240 U/L"


def test_comparator_is_kept_and_printed() -> None:
    found = _usable(_result(measured=Measurement(Decimal("2.5"), "mmol/L", "<")))

    assert (found.comparator, found.written) == ("<", "<2.5 mmol/L")


def test_local_time_of_day_is_kept() -> None:
    read = _read(_result(taken="2026-06-08T02:10:00Z"), zone=ZoneInfo("Europe/Paris"))

    found = read.clock if isinstance(read, LabResult) else None

    assert found == "04:10"


def test_newest_comes_first_and_the_same_value_counts_once() -> None:
    old, new = _usable(_result(taken="2026-06-01")), _usable(_result("3.3 mmol/L"))
    twice = _usable(_result("3.3 mmol/L", source="Observation/k9"))

    found = results.newest_first([old, new, twice], _POTASSIUM)

    assert [(each.written, str(each.taken)) for each in found] == [
        ("3.3 mmol/L", "8 Jun 2026"),
        ("3.1 mmol/L", "1 Jun 2026"),
    ]


def test_order_of_entries_does_not_matter() -> None:
    members = [_usable(_result(f"3.{tenth} mmol/L", taken=f"2026-06-0{tenth}")) for tenth in range(1, 9)]

    forward = results.newest_first(members, _POTASSIUM)
    backward = results.newest_first(reversed(members), _POTASSIUM)

    assert forward == backward


def _lab(analyte: str, value: str, taken: Span = _DAY) -> LabResult:
    number, _, unit = value.partition(" ")
    return LabResult(
        analyte=analyte,
        value=Decimal(number),
        unit=unit,
        written=value,
        comparator="",
        taken=taken,
        clock=None,
        instant=None,
        low=None,
        high=None,
        source=f"Observation/{analyte}",
    )


@pytest.mark.parametrize(
    ("sodium", "glucose", "corrected"),
    [
        ("133", "10.0 mmol/L", None),
        ("133", "10.1 mmol/L", Decimal("134.9")),
        ("133", "180 mg/dL", None),
        ("133", "181 mg/dL", Decimal("134.9")),
        ("124", "32 mmol/L", Decimal("135.3")),
    ],
)
def test_sodium_is_corrected_beside_a_high_glucose(
    sodium: str, glucose: str, corrected: Decimal | None
) -> None:
    """KNOWLEDGE X15: Na + 2.4 x (glucose - 5.6) / 5.6."""
    by_analyte = {"sodium": (_lab("sodium", f"{sodium} mmol/L"),), "glucose": (_lab("glucose", glucose),)}

    [found] = results.corrected_for_glucose(by_analyte)["sodium"]

    assert found.corrected == corrected
    assert found.sources == (
        ("Observation/sodium", "Observation/glucose") if corrected else ("Observation/sodium",)
    )


def test_glucose_of_another_day_corrects_nothing() -> None:
    other_day = Span.of(date(2026, 6, 7))
    by_analyte = {
        "sodium": (_lab("sodium", "133 mmol/L"),),
        "glucose": (_lab("glucose", "25 mmol/L", other_day),),
    }

    found = results.corrected_for_glucose(by_analyte)

    assert found == by_analyte


def test_column_and_conversion_are_found_by_spelling() -> None:
    found = (_CK.column("[IU]/L"), _CK.conversion("µKAT/l"), _CK.column("g/L"))

    assert found == (_CK.columns[0], _CK.conversions[0], None)


@pytest.mark.parametrize(
    ("analyte", "unit", "column"),
    [
        (_POTASSIUM, "mmol/L or mEq/L", "mmol/L"),
        (_MAGNESIUM, "mmol/L or mEq/L", None),
        (_MAGNESIUM, "mg/dL or MG/DL", "mg/dL"),
    ],
)
def test_two_units_for_one_value_must_give_the_same_number(
    analyte: Analyte, unit: str, column: str | None
) -> None:
    found = analyte.column(unit)

    assert (found.unit if found else None) == column


def test_of_two_units_the_first_is_printed() -> None:
    found = _usable(_result("3.1 mmol/L or meq/L"))

    assert found.written == "3.1 mmol/L"


@pytest.mark.parametrize(
    ("value", "low", "high", "limits"),
    [
        ("34 ukat/L", None, "3.2", (None, "192")),  # without a unit: the value's own
        ("500 U/L", "190", "40", (None, None)),
        ("500 U/L", "0", "200", (None, "200")),
        ("500 U/L", "40", "40", ("40", "40")),
    ],
)
def test_limits_that_make_no_sense_are_not_used(
    value: str, low: str | None, high: str | None, limits: tuple[str | None, str | None]
) -> None:
    result = _result(value, low=_measured(low) if low else None, high=_measured(high) if high else None)

    found = _usable(result, _CK)

    assert (found.low, found.high) == tuple(Decimal(each) if each else None for each in limits)


def test_range_that_no_potassium_can_have_is_not_used() -> None:
    """ "35-51" has lost its points."""
    found = _usable(_result("3.6 mmol/L", low=_measured("35"), high=_measured("51")))

    assert (found.low, found.high) == (None, None)


def _of_one_sample(*values: str, analyte: Analyte = _MAGNESIUM) -> list[str]:
    taken = "2026-06-08T07:00:00Z"
    made = [
        _usable(_result(value, taken=taken, source=f"Observation/{place}"), analyte)
        for place, value in enumerate(values)
    ]
    return [each.written for each in results.newest_first(made, analyte)]


@pytest.mark.parametrize(
    ("values", "kept"),
    [
        (("0.70 mmol/L", "1.7 mg/dL", "1.4 meq/L"), ["1.7 mg/dL"]),
        (("1.7 mg/dL", "0.69 mmol/L"), ["0.69 mmol/L"]),
        (("1.6 mg/dL", "0.67 mmol/L"), ["1.6 mg/dL"]),
        (("0.9 mmol/L", "1.7 mg/dL"), ["0.9 mmol/L", "1.7 mg/dL"]),
        (("0.70 mmol/L", "0.71 mmol/L"), ["0.71 mmol/L", "0.70 mmol/L"]),
    ],
)
def test_one_sample_in_several_units_counts_once_in_the_worse(
    values: tuple[str, ...], kept: list[str]
) -> None:
    found, backward = _of_one_sample(*values), _of_one_sample(*reversed(values))

    assert sorted(found) == sorted(backward) == sorted(kept)


def test_results_of_two_times_are_never_one_sample() -> None:
    made = [
        _usable(_result("0.70 mmol/L", taken="2026-06-08T07:00:00Z"), _MAGNESIUM),
        _usable(_result("1.7 mg/dL", taken="2026-06-08T09:00:00Z"), _MAGNESIUM),
    ]

    found = results.newest_first(made, _MAGNESIUM)

    assert [each.written for each in found] == ["1.7 mg/dL", "0.70 mmol/L"]


# --- what replaces what ---------------------------------------------------------------------------------------

_SEVEN, _SEVEN_ELSEWHERE, _NINE = "2026-06-08T07:00:00Z", "2026-06-08T09:00:00+02:00", "2026-06-08T09:00:00Z"


def _kept(*reported: tuple[str, str, str]) -> list[str]:
    """What is left of potassiums, each with its value, status and time, in whatever order they came."""
    made = [
        _usable(_result(f"{value} mmol/L", status=status, taken=taken, source=f"Observation/{value}"))
        for value, status, taken in reported
    ]
    forward, backward = (
        results.newest_first(members, _POTASSIUM) for members in (made, list(reversed(made)))
    )
    assert forward == backward
    return [f"{each.value}" for each in forward]


@pytest.mark.parametrize("status", ["final", "amended", "corrected"])
def test_final_result_replaces_the_preliminary_one_of_the_same_moment(status: str) -> None:
    found = _kept(("2.4", "preliminary", _SEVEN), ("3.9", status, _SEVEN))

    assert found == ["3.9"]


@pytest.mark.parametrize("status", ["amended", "corrected"])
def test_corrected_result_replaces_the_final_one_of_the_same_moment(status: str) -> None:
    found = _kept(("2.9", "preliminary", _SEVEN), ("2.4", "final", _SEVEN), ("3.9", status, _SEVEN))

    assert found == ["3.9"]


def test_same_moment_may_be_written_in_two_time_zones() -> None:
    found = _kept(("2.4", "preliminary", _SEVEN), ("3.9", "final", _SEVEN_ELSEWHERE))

    assert found == ["3.9"]


def test_preliminary_result_in_another_unit_is_replaced_too() -> None:
    made = [
        _usable(_result("1.1 mg/dL", status="preliminary", taken=_SEVEN), _MAGNESIUM),
        _usable(_result("0.80 mmol/L", taken=_SEVEN), _MAGNESIUM),
    ]

    found = results.newest_first(made, _MAGNESIUM)

    assert [each.written for each in found] == ["0.80 mmol/L"]


@pytest.mark.parametrize(
    "reported",
    [
        (("3.9", "final", _SEVEN), ("2.4", "final", _SEVEN)),
        (("3.9", "corrected", _SEVEN), ("2.4", "amended", _SEVEN)),
        (("3.9", "preliminary", _SEVEN), ("2.4", "preliminary", _SEVEN)),
        (("3.9", "final", "2026-06-08"), ("2.4", "preliminary", "2026-06-08")),
        (("3.9", "corrected", "2026-06-08"), ("2.4", "final", "2026-06-08")),
        (("3.9", "final", _NINE), ("2.4", "preliminary", _SEVEN)),
        (("3.9", "final", "2026-06-08"), ("2.4", "preliminary", _SEVEN)),
    ],
    ids=[
        "both final",
        "both corrected",
        "both preliminary",
        "day without times",
        "correction on a day without times",
        "two times",
        "one time not known",
    ],
)
def test_two_samples_are_both_kept(reported: tuple[tuple[str, str, str], ...]) -> None:
    found = _kept(*reported)

    assert sorted(found) == ["2.4", "3.9"]


def _sent(number: float, status: str, identity: str, taken: str = _SEVEN, unit: str = "mmol/L") -> FHIR:
    return an_observation(
        id=identity, status=status, effectiveDateTime=taken, valueQuantity=quantity(number, unit)
    )


@pytest.mark.parametrize(
    ("earlier", "later", "indicator"),
    [
        ("preliminary", "final", None),
        ("preliminary", "corrected", None),
        ("final", "amended", None),
        ("final", "final", "critical"),
        ("corrected", "final", "critical"),
    ],
)
def test_observation_of_one_instant_gives_way_to_a_status_that_succeeds_it(
    earlier: str, later: str, indicator: str | None
) -> None:
    observations = (_sent(2.4, earlier, "o1"), _sent(4.2, later, "o2"))

    found = answer_to(cramps_since("2026-05-01"), *observations)

    assert found.indicator("L01") == indicator


def test_patient_whose_severe_preliminary_potassium_was_finally_normal_gets_no_card_for_it() -> None:
    at = f"{days_before(7)}T08:00:00+01:00"
    patient = a_patient().with_cramps("2026-05-01")
    patient.with_result("potassium", "2.4 mmol/L", at, status="preliminary").with_result(
        "potassium", "4.2 mmol/L", at
    )

    found = answer(patient)

    assert "L01" not in found.flagged


# --- as a laboratory sends it ---------------------------------------------------------------------------------


def _named(name: str, **members: Any) -> FHIR:
    return an_observation(code={"text": name}, **members)


def test_named_magnesium_in_micromoles_is_used() -> None:
    observation = _named("Magnesium", valueQuantity=quantity(550, "umol/L"))

    found = results_of(observation, analyte="magnesium")

    assert [(each.value, each.unit, each.written) for each in found] == [
        (Decimal("0.55"), "mmol/L", "550 umol/L")
    ]


@pytest.mark.parametrize(
    ("name", "specimen", "values"),
    [
        ("Creatinine", None, []),
        ("Creatinine", {"display": "Urine"}, []),
        ("Creatinine", {"display": "Serum"}, [Decimal(88)]),
        ("Serum creatinine", None, [Decimal(88)]),
    ],
)
def test_creatinine_in_millimoles_is_the_bloods_only_when_blood_is_said(
    name: str, specimen: FHIR | None, values: list[Decimal]
) -> None:
    observation = _named(name, specimen=specimen, valueQuantity=quantity(0.088, "mmol/L"))

    found = results_of(observation, analyte="creatinine")

    assert [each.value for each in found] == values


@pytest.mark.parametrize("text", ["N/A", "pending", "to follow", "see below", "Pending - to follow"])
def test_potassium_that_is_still_to_come_is_told_as_no_number(text: str) -> None:
    found = answer_to(cramps_since("2026-05-01"), an_observation(valueString=text))

    assert found.data_lines() == ("Potassium of 8 Jun 2026: not a number",)


def test_note_that_the_sample_came_from_the_drip_arm_is_told() -> None:
    note = [{"text": "Sample taken from drip arm"}]
    observation = an_observation(valueQuantity=quantity(3.1, "mmol/L"), note=note)

    found = answer_to(cramps_since("2026-05-01"), observation)

    assert found.data_lines() == ("Potassium of 8 Jun 2026: flagged specimen",)


def test_code_decides_which_analyte_not_the_text() -> None:
    """The reader is told the analyte; the concept's own words only say how it was taken."""
    concept = Concept(coding=(Coding("http://loinc.org", "2823-3", "Potassium"),), text="K")

    found = _usable(_result(concept=concept))

    assert found.analyte == "potassium"
