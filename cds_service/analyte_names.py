"""Laboratory results and measurements named in free text (NAME_MATCHING section 5)."""

import re
from collections.abc import Iterable
from typing import NamedTuple

from cds_service import units
from cds_service.names import Found, Phrases, folded, negated, tokens, word_set


class AnalyteName(NamedTuple):
    """A usual name; *units* as `units.reading` gives them; *needs_unit* when the name is short."""

    analyte: str
    phrase: str
    units: frozenset[str]
    needs_unit: bool


# --- words that refuse ------------------------------------------------------------------------------------------

_URINE = word_set("ur orina harn")
_OTHER_SPECIMEN = word_set("""
    csf cerebrospinal liquor lcr fluid pleural pleura peritoneal synovial ascites ascitic aszites punktat
    stool faeces feces faecal fecal stuhl heces selles sweat saliva salivary speichel cord umbilical nabelschnur
    fetal foetal neonatal newborn infant baby donor circuit crrt ecmo postfilter prefilter effluent
    rbc erythrocyte erythrocytes red cells intracellular interstitial
    ery erys sensor tissue hair amniotic gastric drain bile 24h 24hr semen vitreous breast milk water breath
    transfused transfusion dbs rich poor unspun
""")
HAEMOLYSED = ("haemoly", "hemoly", "hamoly", "hemoli", "emoli")  # beginnings of words
_DIALYSIS = ("dialys", "haemodialys", "hemodialys", "hamodialys", "predialys", "postdialys")
_URINE_BEGINS, _URINE_ENDS = ("urin",), ("urin", "urine", "urina")
_NOT_A_RESULT = word_set("""
    antibody antibodies ab abs ak antikorper anticorps anticuerpos anticorpi trab anti receptor receptors rezeptor
    related like ratio quotient index gradient gap product clearance excretion fractional reabsorption threshold
    mb isoenzyme isoenzymes isoforms score intake supplement supplements diet channel vitamin
    tolerance challenge ogtt gtt load post after nach apres despues dopo average estimated mean predicted
    corrected adjusted korrigiert corrige corregido corretto delta change loss gain
    binding corpuscular entitic glycated glycosylated free gene mutation exon expression amplification
    crystal crystals deficiency deficient stimulation suppression dehydrogenase isotope goal target ideal lean birth
    distribution width percentile aggregation function morphology clump clumps clumping giant immature reticulated
    fraction ionised ionized allergy electrophoresis estimate smear
    comment comments remark remarks status protocol replacement restriction education reminder time lot taking
    qc quality susceptibility susceptibilities penicillin
""")
_MEANT_SO = {  # refusing words that are part of how the analyte is called
    "albumin": word_set("electrophoresis"),
    "alcohol_audit_c": word_set("score"),
    "alcohol_audit_full": word_set("score"),
    "ankle_brachial_index": word_set("index ratio"),
    "bmi": word_set("index ratio"),
    "calcium_adjusted": word_set("nach"),
    "egfr": word_set("estimated estimate predicted nach"),
    "estimated_delivery_date": word_set("estimated"),
    "hba1c": word_set("glycated glycosylated fraction electrophoresis protocol"),
    "pain_score": word_set("score"),
    "qtc": word_set("corrected corr corrige korrigiert cor adjusted"),
    "transferrin_saturation": word_set("ratio fraction"),
}
_REFUSED_FOR = {
    "bilirubin_total": word_set("direct indirect conjugated unconjugated direkt indirekt delta"),
    "calcium_total": word_set("abg vbg bga gas"),
    "creatine_kinase": word_set("bb mm macro makro"),
    "egfr": word_set("measured iohexol iothalamate inulin dtpa"),
    "hemoglobin": word_set("a a1 a2 c d e f h s bart barts"),
    "magnesium": word_set("vollblut"),
    "vitamin_d_25oh": word_set("1.25 dihydroxy dihydroxyvitamin calcitriol"),
}
_SALTS = word_set("""
    acetate aspartate benzoate bicarbonate carbonate chloride citrate fluoride gluconate glycerophosphate heparin
    hydroxide iodide lactate nitroprusside orotate oxalate oxide oxybate permanganate phosphate polystyrene sulfate
    sulphate valproate zirconium
""")
_ELEMENTS = frozenset({"potassium", "sodium", "calcium_total", "magnesium"})
_PANELS = word_set("panel profile screen group")
_PANELS_HOLD = word_set("with w incl including plus and")
_URINE_ANALYTES = frozenset({"osmolality_urine", "urine_specific_gravity", "pregnancy_test"})
_PER_DAY = frozenset({"alcohol_drinks_per_day", "steps_per_day", "physical_activity_minutes_per_day"})
_NO_DIVISOR = word_set("""
    ser serum plas plasma serpl blood bld haemoglobin hemoglobin poc poct arterial venous capillary random fasting scale
""")

# --- forms of calcium -------------------------------------------------------------------------------------------

_IONISED = word_set("""
    ionised ionized ionisiert ionisiertes ionisierte ionise ionico ionizado ionizzato geioniseerd ionis ion free freies
    libre libero jon
""")
_ADJUSTED = word_set("""
    corrected adjusted adj corr cor korr korrigiert korrigiertes korrigierte albuminkorrigiert albuminkorrigiertes
    albuminkorr albkorr corrige corrigee corregido corregida corrigido corrigida corretto corretta gecorrigeerd
    korrigerad
""")
_OF_CALCIUM = frozenset({"calcium_total", "calcium_ionized", "calcium_adjusted"})
_NAMED_BESIDE = {  # analytes that are named within the name of another
    "calcium_adjusted": frozenset({"albumin", "calcium_total"}),
    "calcium_ionized": frozenset({"calcium_total"}),
    "egfr": frozenset({"creatinine"}),
    "hba1c": frozenset({"hemoglobin"}),
}

# A unit a thousand times away tells urine (a creatinine in mmol/L, an albumin in mg/L) unless blood is said;
# it always tells free haemoglobin (mg/L) and the dihydroxy form of vitamin D (pmol/L)
_SIZE_TELLS_URINE = frozenset({"albumin", "creatinine"})
_SIZE_TELLS_ANOTHER = frozenset({"hemoglobin", "vitamin_d_25oh"})
_BLOOD = word_set("""
    serum ser serpl plasma plas blood bld blut venous arterial sang plasmatique serique suero sangre plasmatico
    siero sangue soro bloed
""")

# --- how names are written --------------------------------------------------------------------------------------

_REFLEX = re.compile(r"(?i)\b(?:w(?:ith)?\b[\s/]*)?reflex[^;]*")  # the test that may follow is another one
_CHARGE = re.compile(r"(?<=[^\W\d_])[2²](?=[+⁺])")  # Mg2+
# Nordic: P-K, fP-Glukos, B-Hb
_BLOOD_PREFIX = re.compile(r"(?i)(?<![\w-])(?:f?[psb]|[akv][bp])-(?=[^\W\d_])")
_IN_BLOOD = re.compile(r"(?i)(?<!\w)i\. ?(?:s|p|b|vb)\b\.?")  # German: i.S., i. P.
# dU-Kalium, Na (U), Kalium i.U.; not U/L, U&E
_URINE_LETTER = re.compile(r"(?<!\w)(?:(?:[dnt]|sp|pt)?u(?=-[^\W\d_])|u(?![\w&/]|\.?s\b| ?[&/+]| and\b))")
_AMBIGUOUS_CALCIUM = re.compile(r"\bca(?:\s?\+|-i\b)")  # blood gas analysers mean the ionised
_BEFORE_DIALYSIS = re.compile(
    r"(?i)\b(?:pre|prä|prae|pré|before|prior to|vor|avant|antes de|prima di|voor)(?:[\s-]{1,3}(?:la|der))?[\s-]{0,3}"
    r"(?:(?:ha?emo|hämo|hémo|emo)?d[ií][aá]l[iyíý]\w{1,9}|hd\b)"
)
_DAY = re.compile(r"24 ?-?h(?:r|our|\b)|/ ?(?:24 ?h|d\b|day)")
_SYMBOL = 2  # letters
_LONGEST = 500  # characters of a name, however many codings it was put together from
_BEFORE = {"potassium": "potassium_pre_dialysis"}  # what is an analyte of its own before dialysis
_UNIT = re.compile(r"(?<![a-z])(?:x? ?10[*^]?\d{1,2}|[a-z]{0,3}\[?[a-z]{1,9}\]?) ?/ ?[a-z]{1,9}|%")


def read(text: str, unit: str, specimen: str, phrases: Phrases[AnalyteName]) -> tuple[str, str] | None:
    """
    The one analyte that *text* names, with the phrase that says so; None when none, or more than one.

    A short name needs a unit that fits, given beside it or within the text. Full names count before short ones. A
    unit of something else, or a *specimen* other than blood, refuses. Over 500 characters are no name.
    """
    if len(text) > _LONGEST:
        return None
    without, times = _BEFORE_DIALYSIS.subn(" ", text)
    found = _read(without, unit, specimen, phrases) if times else None
    if found is not None and found[0] in _BEFORE:
        return _BEFORE[found[0]], found[1]
    return _read(text, unit, specimen, phrases)


def may_name(text: str, phrases: Phrases[AnalyteName]) -> frozenset[str]:
    """The analytes of which `read` could find one in *text*, whatever unit and specimen."""
    if len(text) > _LONGEST:
        return frozenset()
    texts = {text, _BEFORE_DIALYSIS.sub(" ", text)}
    found = {
        name.analyte for each in texts for hit in phrases.find(tokens(_bare(each))) for name in hit.meanings
    }
    forms = {_BEFORE[analyte] for analyte in found if analyte in _BEFORE}
    return frozenset(found | forms | (_OF_CALCIUM if not _OF_CALCIUM.isdisjoint(found) else frozenset()))


def _bare(text: str) -> str:
    """A name without what is said of it by signs and letters."""
    return _CHARGE.sub("", _REFLEX.sub("", _IN_BLOOD.sub("", _BLOOD_PREFIX.sub("", text))))


def _read(text: str, unit: str, specimen: str, phrases: Phrases[AnalyteName]) -> tuple[str, str] | None:
    text = _bare(text)
    words = tokens(text)
    found = phrases.find(words)
    named = list(dict.fromkeys(name for hit in found for name in _meant(hit, unit, text)))
    analyte = _the_one({name.analyte for name in named if not name.needs_unit}, words) or _the_one(
        {name.analyte for name in named}, words
    )
    names = _names_of(analyte, named)
    if analyte is None or _is_refused(analyte, names, words, found, text, specimen):
        return None
    name = min(names, key=lambda name: (name.needs_unit, name.phrase))
    if name.needs_unit and not (_is_spelt_as_symbol(names, text) and _unit_fits(name, unit, text)):
        return None
    of_any_size = _may_have_any_size(analyte, (*words, *tokens(specimen)))
    is_other = units.is_of_something_else(unit, name.units, of_any_size=of_any_size)
    return None if is_other else (analyte, name.phrase)


def _may_have_any_size(analyte: str, said: tuple[str, ...]) -> bool:
    """Whether a unit of the right kind, however large or small, is no sign of another specimen or substance."""
    if analyte in _SIZE_TELLS_URINE:
        return not _BLOOD.isdisjoint(said)
    return analyte not in _SIZE_TELLS_ANOTHER


def _meant(hit: Found[AnalyteName], unit: str, text: str) -> list[AnalyteName]:
    """What was found; where it may be two analytes, the one whose unit fits (cK is potassium, CK creatine kinase)."""
    if len({name.analyte for name in hit.meanings}) < 2:
        return list(hit.meanings)
    return [name for name in hit.meanings if _unit_fits(name, unit, text)]


def _the_one(analytes: set[str], words: tuple[str, ...]) -> str | None:
    """The analyte that is meant, with the forms of calcium told apart; None when there are several."""
    if "calcium_total" in analytes or "calcium_ionized" in analytes or "calcium_adjusted" in analytes:
        analytes = analytes | _forms(words)
    if {"calcium_ionized", "calcium_adjusted"} <= analytes:
        return None
    beside = {other for analyte in analytes for other in _NAMED_BESIDE.get(analyte, ())}
    left = analytes - beside
    return left.pop() if len(left) == 1 else None


def _names_of(analyte: str | None, named: list[AnalyteName]) -> list[AnalyteName]:
    """The names found that say *analyte*; of a form of calcium perhaps only "calcium", beside a word for the form."""
    own = [name for name in named if name.analyte == analyte]
    return own or [name for name in named if name.analyte == "calcium_total"]


def _forms(words: tuple[str, ...]) -> set[str]:
    said = frozenset(words)
    return {
        form
        for form, meaning in (("calcium_ionized", _IONISED), ("calcium_adjusted", _ADJUSTED))
        if said & meaning
    }


# --- refusals ---------------------------------------------------------------------------------------------------


def _is_haemolysed(words: tuple[str, ...]) -> bool:
    """Whether a name says that the sample is: not "potassium (not haemolysed)"."""
    return any(word.startswith(HAEMOLYSED) and not negated(words, place) for place, word in enumerate(words))


def _is_refused(
    analyte: str,
    names: list[AnalyteName],
    words: tuple[str, ...],
    found: list[Found[AnalyteName]],
    text: str,
    specimen: str,
) -> bool:
    named = {place for hit in found for place in range(hit.start, hit.end)}
    said = {word for place, word in enumerate(words) if place not in named}
    sampled = said.union(tokens(specimen))
    low = folded(text)
    if sampled & _OTHER_SPECIMEN or _begins(sampled, _DIALYSIS) or _is_haemolysed(words):
        return True
    if analyte not in _URINE_ANALYTES and (_is_of_urine(sampled) or _URINE_LETTER.search(low)):
        return True
    if analyte.startswith("calcium_"):
        said -= _IONISED | _ADJUSTED
    refusing = _NOT_A_RESULT | _ADJUSTED | _REFUSED_FOR.get(analyte, frozenset())
    if said & (refusing - _MEANT_SO.get(analyte, frozenset())) or _is_a_salt_or_panel(analyte, words, found):
        return True
    if analyte == "calcium_total" and _AMBIGUOUS_CALCIUM.search(low):
        return True
    return analyte not in _PER_DAY and (bool(_DAY.search(low)) or _is_ratio(names, low))


def _begins(said: Iterable[str], beginnings: tuple[str, ...]) -> bool:
    return any(word.startswith(beginnings) for word in said)


def _is_of_urine(said: set[str]) -> bool:
    return bool(said & _URINE) or any(
        word.startswith(_URINE_BEGINS) or word.endswith(_URINE_ENDS) for word in said
    )


def _is_a_salt_or_panel(analyte: str, words: tuple[str, ...], found: list[Found[AnalyteName]]) -> bool:
    """
    "Sodium fluoride tube", "glucose panel", "thyroid panel with TSH".

    "Renal profile: potassium" names the member of a panel and passes.
    """
    follows = {word for hit in found for word in words[hit.end : hit.end + 1]}
    if analyte in _ELEMENTS and not _SALTS.isdisjoint(follows):
        return True
    behind = words[min(hit.end for hit in found) :]
    is_panel = not _PANELS.isdisjoint(words)
    return not _PANELS.isdisjoint(behind) or (is_panel and not _PANELS_HOLD.isdisjoint(words))


def _is_ratio(names: list[AnalyteName], low: str) -> bool:
    """Whether the analyte is divided by what is neither a unit, a specimen nor its own name: "albumin/globulin"."""
    own = _NO_DIVISOR.union(*(tokens(name.phrase) for name in names))
    for name in names:
        spelt = r"\W+".join(map(re.escape, tokens(name.phrase)))
        divided = re.search(rf"(?<!\w){spelt}\s*/\s*([a-z]+)", low) or re.search(
            rf"(?<![a-z])([a-z]+)\s*/\s*{spelt}(?!\w)", low
        )
        if divided is not None and divided[1] not in own:
            return True
    return False


# --- short names ------------------------------------------------------------------------------------------------


def _is_spelt_as_symbol(names: list[AnalyteName], text: str) -> bool:
    """Mg is magnesium, mg a unit: of one or two letters, a capital makes a symbol."""
    spelt = "|".join(re.escape(name.phrase) for name in names)
    places = re.finditer(rf"(?<![^\W_])(?:{spelt})(?![^\W_])", text, re.IGNORECASE)
    return any(len(place[0]) > _SYMBOL or place[0] != place[0].lower() for place in places)


def _unit_fits(name: AnalyteName, unit: str, text: str) -> bool:
    written = (unit,) if unit else tuple(_UNIT.findall(folded(text)))
    return any(
        units.reading(each) in name.units for candidate in written for each in units.alternatives(candidate)
    )
