"""Other ways to ask for what a prefetch template asks for, for servers that do not understand ours."""

import re
from collections.abc import Iterator

from cds_service.code_systems import LOINC, SNOMED
from cds_service.fetching import PATIENT

CATEGORIES = {
    "conditions": "problem-list-item,encounter-diagnosis,health-concern",
    "labs": "laboratory",
    "glucose": "laboratory",
    "observations": "vital-signs,survey,social-history",
}
"""By prefetch key, in place of codes or of nothing."""

_PATIENT = f"patient={PATIENT}"
_LOINC_CODE = re.compile(r"\d{1,7}-\d")
_WHOLE_LIST = "1000"  # entries of a page: Epic and Medplum give that many
_OF_A_CATEGORY = "500"  # as discovery asks by category


def alternatives(key: str, query: str) -> Iterator[str]:
    """Other templates for a key: codes with systems, categories, intents, no status."""
    if "&code=" in query and "|" not in query:
        yield re.sub(r"(?<=&code=)[^&]*", lambda codes: _with_systems(codes[0]), query)
    if key in CATEGORIES and "category=" not in query:
        without_codes = re.sub(r"&code=[^&]*", "", query)
        whole = _with(without_codes, "_count", _OF_A_CATEGORY) if without_codes != query else query
        yield whole.replace(_PATIENT, f"{_PATIENT}&category={CATEGORIES[key]}", 1)
    if key == "medicationRequests" and "intent=" not in query:
        yield query.replace(_PATIENT, f"{_PATIENT}&intent=order,plan", 1)
    if key == "serviceRequests" and "&status=" in query:
        yield re.sub(r"&status=[^&]*", "", query)


def _with_systems(codes: str) -> str:
    return ",".join(_with_system(code) for code in codes.split(","))


def _with_system(code: str) -> str:
    """A code with its system where the form tells it; a site's own codes stay as they are."""
    if _LOINC_CODE.fullmatch(code):
        return f"{LOINC}|{code}"
    return f"{SNOMED}|{code}" if code.isdecimal() else code


def _with(query: str, name: str, value: str) -> str:
    """The query with a parameter set."""
    changed = re.sub(rf"(?<=[?&]){name}=[^&]*", f"{name}={value}", query)
    return changed if f"{name}={value}" in changed else f"{query}&{name}={value}"


def on_one_page(query: str) -> str:
    """The query for pages so long that there is hardly a second one."""
    return _with(query, "_count", _WHOLE_LIST)


def form(query: str) -> str:
    """How a query names what it wants: by bare "code", by code and "system", by "category", or not at all ("")."""
    asked = query.partition("?")[2].split("&")
    codes = next((each for each in asked if each.startswith("code=")), "")
    if codes:
        return "system" if "|" in codes else "code"
    return "category" if any(each.startswith("category=") for each in asked) else ""


def codes_of(query: str) -> set[str]:
    """The codes that a query asks for, as it writes them."""
    asked = (each for each in query.partition("?")[2].split("&") if each.startswith("code="))
    return {code for each in asked for code in each.removeprefix("code=").split(",")}


def left_out(asked: str, understood: str) -> list[str]:
    """The parameters of one query that a plainer one does not have."""
    kept = understood.partition("?")[2].split("&")
    return [each for each in asked.partition("?")[2].split("&") if each not in kept]


def put_back(parameter: str, asked: str, understood: str) -> str:
    """The plainer query with one of the left out parameters where it stood in what was *asked*."""
    path, _, rest = understood.partition("?")
    kept = {*rest.split("&"), parameter}
    return f"{path}?{'&'.join(each for each in asked.partition('?')[2].split('&') if each in kept)}"
