"""Rows of the analytes: codes, and usual names with the units that fit."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from source_tables import Compiled, Row, Tables, is_verified

from cds_service.code_systems import LOINC
from cds_service.value_set_files import ANALYTE


def compiled(tables: Tables, usual: list[Row]) -> Iterator[Compiled]:
    """The analytes of the laboratory table; *usual* names are for those alone."""
    units: dict[str, set[str]] = defaultdict(set)
    for row in (*tables["labs_units"], *tables["labs"]):
        units[row["analyte"]].add(row.get("ucum_unit") or row.get("typical_ucum_unit") or "")
    for row in usual:
        if row["kind"] == "analyte_unit":
            units[row["set"]].add(row["name"])
    for row in tables["labs"]:
        if is_verified(row):
            cells = (LOINC, row["loinc"], row["display"], "exact", row["typical_ucum_unit"], row["source"])
            yield f"analytes/{row['analyte']}.csv", ANALYTE, cells
    analytes = {row["analyte"] for row in tables["labs"]}
    for row in usual:
        if row["kind"] == "analyte" and row["set"] in analytes:
            fitting = _joined(units[row["set"]])
            cells = ("", "", row["name"], row["match"], fitting, "clinical usage")
            yield f"analytes/{row['set']}.csv", ANALYTE, cells


def _joined(units: Iterable[str]) -> str:
    return ";".join(sorted(unit for unit in units if unit))
