"""
Code systems by their canonical FHIR URI and codes in the form they are listed, whatever a record calls them.

Sources of the names: `cards/value_sets/README.md`, "Names of code systems".
"""

import re
from functools import lru_cache

RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
ATC = "http://www.whocc.no/atc"
SNOMED = "http://snomed.info/sct"
NDC = "http://hl7.org/fhir/sid/ndc"
ICD10CM = "http://hl7.org/fhir/sid/icd-10-cm"
ICD10 = "http://hl7.org/fhir/sid/icd-10"
ICD9CM = "http://hl7.org/fhir/sid/icd-9-cm"
LOINC = "http://loinc.org"

KNOWN = frozenset({RXNORM, ATC, SNOMED, NDC, ICD10CM, ICD10, ICD9CM, LOINC})
HIERARCHICAL = frozenset({ATC, ICD10CM, ICD10, ICD9CM, NDC})  # the code's beginning is its parent

# As `_plain` leaves them: no scheme, no "www.", no "urn:oid:", names without blanks, hyphens and underscores.
_NAMES = {
    RXNORM: "nlm.nih.gov/research/umls/rxnorm 2.16.840.1.113883.6.88 rxnorm rxcui",
    ATC: """
        whocc.no/atc whocc.no/atc_ddd_index atcddd.fhi.no/atc_ddd_index 2.16.840.1.113883.6.73 atc wc whoatc
        fhir.de/codesystem/bfarm/atc fhir.de/codesystem/dimdi/atc smt.esante.gouv.fr/terminologie-atc
        fhir.ee/codesystem/atc-ee
        2.16.578.1.12.4.1.1.7180 1.2.246.537.6.32 1.2.246.537.6.32.2007
    """,
    SNOMED: """
        snomed.info/sct 2.16.840.1.113883.6.96 sct snomed snomedct sct2
        dmd.nhs.uk dm+d dmd 1.2.36.1.2001.1004.100 amt amtv3
    """,
    NDC: "hl7.org/fhir/sid/ndc 2.16.840.1.113883.6.69 ndc",
    ICD10CM: "hl7.org/fhir/sid/icd-10-cm 2.16.840.1.113883.6.90 icd10cm i10c",
    ICD10: """
        hl7.org/fhir/sid/icd-10 2.16.840.1.113883.6.3 2.16.840.1.113883.6.3.1 icd10 i10 id.who.int/icd/release/10
        hl7.org/fhir/sid/icd-10-am 2.16.840.1.113883.6.135 icd10am
        hl7.org/fhir/sid/icd-10-ca 2.16.840.1.113883.6.94 icd10ca
        hl7.org/fhir/sid/icd-10-nl 2.16.840.1.113883.6.3.2 icd10nl
        hl7.org/fhir/sid/icd-10-se terminologitjansten.inera.se/fhir/codesystem/icd-10-se icd10se
        1.2.246.537.6.1 1.2.246.537.6.1.1999 2.16.578.1.12.4.1.1.7110
        smt.esante.gouv.fr/terminologie-cim-10 cim10
        fhir.ee/codesystem/rhk-10
        saude.gov.br/fhir/r4/codesystem/brcid10 terminologia.saude.gov.br/fhir/codesystem/brcid10 cid10
    """,
    ICD9CM: """
        hl7.org/fhir/sid/icd-9-cm hl7.org/fhir/sid/icd-9-cm/diagnosis hl7.org/fhir/sid/icd-9
        terminology.hl7.org/codesystem/icd9cm 2.16.840.1.113883.6.103 2.16.840.1.113883.6.2 2.16.840.1.113883.6.42
        icd9cm i9c i9cdx
    """,
    LOINC: "loinc.org 2.16.840.1.113883.6.1 loinc ln lnc",
}
_GERMAN = """
    fhir.de/codesystem/bfarm/icd-10-gm fhir.de/codesystem/dimdi/icd-10-gm hl7.org/fhir/sid/icd-10-de
    terminology.hl7.org/codesystem/dmdicd10 2.16.840.1.113883.6.3.3
    1.2.276.0.76.5.302 1.2.276.0.76.5.304 1.2.276.0.76.5.318 1.2.276.0.76.5.356 1.2.276.0.76.5.384
    1.2.276.0.76.5.409 1.2.276.0.76.5.413 1.2.276.0.76.5.417 1.2.276.0.76.5.424 1.2.276.0.76.5.430
    1.2.276.0.76.5.463 1.2.276.0.76.5.471 1.2.276.0.76.5.477 1.2.276.0.76.5.486
"""
_GERMAN_NAMES = frozenset(_GERMAN.split())
_BY_NAME = {name: system for system, names in _NAMES.items() for name in names.split()}
_BELOW = (  # editions, modules and years have names of their own below these
    ("snomed.info/sct/", SNOMED),
    ("dmd.nhs.uk/", SNOMED),
    ("1.2.752.116.1.1.1.", ICD10),  # Sweden, by release
)
_SCHEME = re.compile(r"(?:https?://(?:www\.)?|urn:oid:|oid:)\s*")
_YEAR = re.compile(r"/(?:version/)?(?:19|20)\d\d[\d-]*")
_GERMAN_YEAR = re.compile(r"icd10gm(?:20\d\d)?")  # HL7 v2 table 0396 has one for each year


_LONGEST_NAME = 256  # characters; longer ones are no names of ours, and none is kept in memory


def canonical(system: str) -> str:
    """The canonical URI of *system*: without version, OID or national name; "" when not known."""
    return _canonical(system) if len(system) <= _LONGEST_NAME else ""


@lru_cache(maxsize=1024)
def _canonical(system: str) -> str:
    plain = plain_system(system)
    if _is_german(plain):
        return ICD10
    below = next((known for beginning, known in _BELOW if plain.startswith(beginning)), "")
    return below or _BY_NAME.get(plain, "")


def plain_system(system: str) -> str:
    """A system's name for comparison: no scheme, version, case or closing slash; a name of one word without marks."""
    plain = system.partition("|")[0].strip().casefold().rstrip("/")
    scheme = _SCHEME.match(plain)
    plain = plain[scheme.end() :] if scheme else plain
    if "/" in plain:
        year = _YEAR.search(plain)
        return plain[: year.start()] if year and year.end() == len(plain) else plain
    return re.sub(r"[\s_-]", "", plain)


def _is_german(plain: str) -> bool:
    return plain in _GERMAN_NAMES or _GERMAN_YEAR.fullmatch(plain) is not None


# --- codes ------------------------------------------------------------------------------------------------------

_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—―−", "-"))
_ICD10_CODE = re.compile(r"([A-Z])\s?(\d[0-9A-Z])\s?[.,]?\s?([0-9A-Z]{0,4})[.\s]*-*[\s†*!#‡]*(?:\+\d{0,2})?")
_ICD9_CODE = re.compile(r"(V\d\d|E\d{3}|\d{3})\s?[.,]?\s?(\d{0,2})")
# What German systems write behind a code: certainty (secured, suspected, excluded, state after) and side.
_ENDING = re.compile(r"(?<=[\d†*!#+-])(\s*)((?:[RLB]\s?)?[GVAZ]|[GVAZ]?\s?[RLB])\Z")
_DOUBTED = frozenset("VAZ")
LONGEST = 32  # characters; longer ones are no codes of ours


def readings(system: str, code: str) -> tuple[str, ...]:
    """
    The forms under which *code* of a *system*, by any name, is looked up.

    ICD without dot, marks and German endings, ATC in capitals, NDC as its first nine digits. Usually one, "" when the
    code can't be one of that system; a ten-digit NDC without hyphens has three, of which only one may be known.
    """
    if len(code) > LONGEST:
        return ("",)
    name = canonical(system)
    plain = code.strip().upper().translate(_DASHES)
    if name == NDC:
        return _ndc_products(plain)
    if name == ICD10:
        return ("" if is_doubted(system, code) else listed(name, _without_ending(system, plain)),)
    return (listed(name, plain),)


def listed(system: str, code: str) -> str:
    """The form in which a table lists *code* of a canonical *system*, "" when it can't be one of that system."""
    if system in (ICD10, ICD10CM, ICD9CM):
        found = (_ICD9_CODE if system == ICD9CM else _ICD10_CODE).fullmatch(code.upper())
        return "".join(found.groups()) if found else ""
    if system == ATC:
        return "".join(code.upper().split())
    plain = code.partition("|")[0].strip()  # "387475002 |Furosemide|"
    return plain.lstrip("0") if system in (RXNORM, LOINC) else plain


def is_doubted(system: str, code: str) -> bool:
    """Whether an ICD-10 code carries the German mark of what is suspected, excluded or past ("E11.90 V")."""
    if len(code) > LONGEST or canonical(system) != ICD10:
        return False
    ending = _ending(system, code.strip().upper())
    return ending is not None and not _DOUBTED.isdisjoint(ending[2])


def _ending(system: str, code: str) -> re.Match[str] | None:
    """Certainty and side behind *code*; glued to it in German systems only, since others end codes in letters."""
    ending = _ENDING.search(code)
    if ending is None or not (ending[1] or _is_german(plain_system(system))):
        return None
    return ending


def _without_ending(system: str, code: str) -> str:
    ending = _ending(system, code)
    return code[: ending.start()] if ending else code


def _ndc_products(code: str) -> tuple[str, ...]:
    """
    Labeler and product of an NDC as nine digits, with the zeros that ten-digit forms leave out.

    "*" stands for such a zero in old files, and a twelfth digit in front is one too (labelers of six digits).
    """
    parts = re.split(r"[\s-]+", code.removeprefix("NDC").lstrip(" :#").replace("*", "0"))
    if not all(part.isascii() and part.isdigit() for part in parts):
        return ()
    if len(parts) == 1:
        return _unhyphenated(parts[0])
    labeler, product = parts[0], parts[1]
    fits = len(labeler) in (4, 5) or (len(labeler) == 6 and labeler[0] == "0")
    if not fits or len(product) not in (3, 4) or len(parts) > 3 or len("".join(parts[2:])) > 2:
        return ()
    return (labeler[-5:].zfill(5) + product.zfill(4),)


def _unhyphenated(digits: str) -> tuple[str, ...]:
    if len(digits) == 12 and digits[0] == "0":
        digits = digits[1:]
    if len(digits) == 10:
        return (f"0{digits[:8]}", f"{digits[:5]}0{digits[5:8]}", digits[:9])
    return (digits[:9],) if len(digits) in (9, 11) else ()


# National editions divide codes on which the WHO's list ends; what they list below keeps the meaning, but here.
# Each: the WHO's code, "|" and how a code below goes on. Sources: cards/value_sets/README.md.
_OTHERWISE = re.compile(
    r"F10\d\|.*"  # 5th character: abstinent, in WHO's own list
    r"|G258\|.*"  # restless legs and periodic movements in Germany
    r"|M628\|.*"  # weakness and spasm, when codes of the US come under the name of the WHO's
    r"|E834\|[^2].*"  # raised magnesium, the same way
    r"|E1[0-4]5\|[^01].*"  # of the heart in Australia
    r"|I702\|6.*"  # of the arm in Germany
    r"|Z33\|2.*"  # termination, in codes of the US
)


def keeps_meaning(parent: str, code: str) -> bool:
    """Whether *code*, which begins with the WHO's *parent*, means a kind of it in every edition."""
    return _OTHERWISE.fullmatch(f"{parent}|{code[len(parent) :]}") is None
