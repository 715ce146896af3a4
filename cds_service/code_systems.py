"""Code systems by their canonical FHIR URI, whatever a record calls them."""

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

_OIDS = {
    "2.16.840.1.113883.6.88": RXNORM,
    "2.16.840.1.113883.6.96": SNOMED,
    "2.16.840.1.113883.6.1": LOINC,
    "2.16.840.1.113883.6.90": ICD10CM,
    "2.16.840.1.113883.6.3": ICD10,
    "2.16.840.1.113883.6.103": ICD9CM,
    "2.16.840.1.113883.6.69": NDC,
    "2.16.840.1.113883.6.73": ATC,
}
_NATIONAL = {
    "http://fhir.de/codesystem/bfarm/atc": ATC,
    "http://fhir.de/codesystem/dimdi/atc": ATC,
    "http://fhir.de/codesystem/bfarm/icd-10-gm": ICD10,
    "http://fhir.de/codesystem/dimdi/icd-10-gm": ICD10,
    "http://dmd.nhs.uk": SNOMED,
}
_ICD_MARKS = re.compile(r"[.\s†*!+#-]")
_NDC_PARTS = re.compile(r"(\d{4,5})-(\d{3,4})(?:-(\d{1,2}))?")


@lru_cache(maxsize=1024)
def canonical(system: str) -> str:
    """The canonical URI of *system*: without version, OID or national name; "" when not known."""
    plain = system.strip().casefold().partition("|")[0].rstrip("/")
    if plain.startswith("urn:oid:"):
        return _OIDS.get(plain.removeprefix("urn:oid:"), "")
    if plain.startswith("https://"):
        plain = "http://" + plain.removeprefix("https://")
    plain = plain.replace("://www.loinc.org", "://loinc.org")
    if plain.startswith((f"{SNOMED}/", "http://dmd.nhs.uk/")):
        return SNOMED
    return plain if plain in KNOWN else _NATIONAL.get(plain, "")


def readings(system: str, code: str) -> tuple[str, ...]:
    """
    The forms under which *code* of a canonical *system* is looked up.

    ICD without dot and dagger marks, ATC in capitals, NDC as its first nine digits. Usually one; a
    ten-digit NDC without hyphens has three, of which only one may be known.
    """
    if system == NDC:
        return _ndc_products(code)
    if system == ATC:
        return (code.strip().upper(),)
    if system in HIERARCHICAL:
        return (_ICD_MARKS.sub("", code).upper(),)
    return (code.strip(),)


def _ndc_products(code: str) -> tuple[str, ...]:
    """Labeler and product of an NDC as nine digits, with the zeros that ten-digit forms leave out."""
    plain = code.strip()
    parts = _NDC_PARTS.fullmatch(plain)
    if parts:
        return (parts[1].zfill(5) + parts[2].zfill(4),)
    if not plain.isascii() or not plain.isdigit():
        return ()
    if len(plain) == 10:
        return (f"0{plain[:8]}", f"{plain[:5]}0{plain[5:8]}", plain[:9])
    return (plain[:9],) if len(plain) in (9, 11) else ()
