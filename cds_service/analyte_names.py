"""Laboratory results and measurements named in free text (NAME_MATCHING section 5)."""

import re
from typing import NamedTuple

from cds_service.names import Phrases, folded, tokens, word_set


class AnalyteName(NamedTuple):
    """A usual name; *units* as the terminology writes them; *needs_unit* when the name is short."""

    analyte: str
    phrase: str
    units: frozenset[str]
    needs_unit: bool


_SPECIMEN = word_set("""
    urine urinary ur urin orina urines urinaire urinario csf cerebrospinal liquor fluid pleural
    peritoneal synovial ascitic stool faeces feces faecal fecal sweat saliva dialysate dialysis cord
    umbilical fetal foetal donor haemolysed hemolysed hemolyzed haemolyzed rbc erythrocyte erythrocytes
    red cells tissue hair amniotic gastric drain bile 24h 24hr semen vitreous breast milk water
    sammelurin
""")
_OF_URINE = word_set("urine urinary ur urin orina")
_URINE_ANALYTES = frozenset({"osmolality_urine", "urine_specific_gravity", "pregnancy_test"})
_NOT_A_RESULT = word_set("""
    antibody antibodies ab abs trab anti receptor receptors ratio quotient index clearance excretion
    fractional panel profile mb isoenzyme isoenzymes score intake supplement supplements diet channel
    tolerance challenge post average estimated mean binding corpuscular glycated mutation gene crystals
    crystal deficiency stimulation suppression dehydrogenase isotope goal target distribution width
    percentile
""")
_MEANT_SO = {  # refusing words that are part of what the analyte is called
    "egfr": frozenset({"estimated"}),
    "bmi": frozenset({"index"}),
    "ankle_brachial_index": frozenset({"index", "ratio"}),
    "transferrin_saturation": frozenset({"ratio"}),
    "hba1c": frozenset({"glycated"}),
    "alcohol_audit_c": frozenset({"score"}),
    "alcohol_audit_full": frozenset({"score"}),
    "pain_score": frozenset({"score"}),
    "estimated_delivery_date": frozenset({"estimated"}),
}
_DAY = re.compile(r"24 ?-?h(?:r|our|\b)|/ ?(?:24 ?h|d\b|day)")
_PER_DAY = frozenset({"alcohol_drinks_per_day", "steps_per_day", "physical_activity_minutes_per_day"})
_NO_DIVISOR = word_set("ser serum plas plasma blood bld haemoglobin hemoglobin")
_UNIT = re.compile(r"(?:x? ?10[*^]?\d+|\[?[a-z]+\]?[a-z\]\[]*) ?/ ?[a-z]+|%")


def unit_form(unit: str) -> str:
    """A unit for comparison only: no case, blanks, brackets or braces; "µ" is "u", "x10^9" is "10*9"."""
    plain = unit.casefold().replace("µ", "u").replace("μ", "u")
    plain = re.sub(r"[\s\[\]]", "", plain)
    return re.sub(r"^x?10\^?\*?(?=\d+/)", "10*", plain)


def read(text: str, unit: str, specimen: str, phrases: Phrases[AnalyteName]) -> tuple[str, str] | None:
    """
    The one analyte that *text* names, with the phrase that says so; None when none, or more than one.

    A short name needs a unit that fits, given beside it or within the text.
    """
    words = tokens(text)
    found = phrases.find(words)
    names = {meaning for hit in found for meaning in hit.meanings}
    if len({name.analyte for name in names}) != 1:
        return None
    name = min(names, key=lambda name: (name.needs_unit, name.phrase))
    if _is_refused(name, words, text, specimen):
        return None
    if name.needs_unit and not (_is_spelt_as_symbol(name, text) and _unit_fits(name, unit, text)):
        return None
    return name.analyte, name.phrase


def _is_refused(name: AnalyteName, words: tuple[str, ...], text: str, specimen: str) -> bool:
    said = frozenset((*words, *tokens(specimen)))
    if name.analyte in _URINE_ANALYTES:
        return bool(said & (_SPECIMEN - _OF_URINE))
    if said & _SPECIMEN or said & (_NOT_A_RESULT - _MEANT_SO.get(name.analyte, frozenset())):
        return True
    low = folded(text)
    return name.analyte not in _PER_DAY and (bool(_DAY.search(low)) or _is_ratio(name, low))


def _is_ratio(name: AnalyteName, low: str) -> bool:
    """Whether the analyte is divided by what is neither a unit nor a specimen: "albumin/globulin"."""
    spelt = r"\W+".join(map(re.escape, tokens(name.phrase)))
    divided = re.search(rf"(?<!\w){spelt}\s*/\s*([a-z]+)", low) or re.search(
        rf"([a-z]+)\s*/\s*{spelt}(?!\w)", low
    )
    return divided is not None and divided[1] not in _NO_DIVISOR


def _is_spelt_as_symbol(name: AnalyteName, text: str) -> bool:
    """Mg is magnesium, mg a unit: a symbol has a capital."""
    places = re.finditer(rf"(?<![^\W_]){re.escape(name.phrase)}(?![^\W_])", text, re.IGNORECASE)
    return any(place[0] != place[0].lower() for place in places)


def _unit_fits(name: AnalyteName, unit: str, text: str) -> bool:
    written = (unit,) if unit else tuple(_UNIT.findall(folded(text)))
    return any(unit_form(candidate) in name.units for candidate in written)
