"""The clients file as it is written: every entry checked, every problem told in a line of its own."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
)
from pydantic_core import ErrorDetails

from cds_service import key_sets, plain_yaml, web_addresses
from cds_service.hooks import Indicator

DEFAULT_ALGORITHMS = ("ES384", "RS384")  # those that CDS Hooks recommends
NONE = "none"  # in place of a query: this site has no such list
_HOOKS = ("patient-view", "order-sign")
_PATIENT = "{{context.patientId}}"
# what each prefetch key asks for
TYPES: Mapping[str, str] = {
    "patient": "Patient",
    "conditions": "Condition",
    "medicationStatements": "MedicationStatement",
    "medicationRequests": "MedicationRequest",
    "glucose": "Observation",
    "labs": "Observation",
    "observations": "Observation",
    "serviceRequests": "ServiceRequest",
    "encounters": "Encounter",
    "questionnaireResponses": "QuestionnaireResponse",
}
_NEEDED = ("patient", "conditions")  # "this site has none" would be an untrue answer for every patient
_MEDICINES = ("medicationStatements", "medicationRequests")


@dataclass(frozen=True, slots=True)
class Site:
    """What checking an entry needs to know: the folder that files are named from, and whether http is allowed."""

    folder: Path
    is_development: bool


def _site(info: ValidationInfo) -> Site:
    site = info.context
    assert isinstance(site, Site)  # noqa: S101 - a slip of ours, not of the file
    return site


def _one_or_more(value: Any) -> Any:
    if not value:
        raise ValueError("is empty; write one or more")
    return [value] if isinstance(value, str) else value


def _plain(value: str) -> str:
    if not value.isprintable() or value != value.strip() or not value:
        raise ValueError("is empty or has blanks around it; write the text exactly as the client sends it")
    return value


def _server(value: str, info: ValidationInfo) -> str:
    return web_addresses.server(value, is_development=_site(info).is_development)


def _base(value: str, info: ValidationInfo) -> str:
    return web_addresses.fhir_base(value, is_development=_site(info).is_development)


def _origin(value: str, info: ValidationInfo) -> str:
    return web_addresses.origin(value, is_development=_site(info).is_development)


def _link(value: str) -> str:
    web_addresses.absolute(value)
    if value.count("/") < 3:
        raise ValueError("ends within the host, and longer hosts would match; end it with a slash")
    return value


def _key_set(value: str, info: ValidationInfo) -> str:
    """A URL, or a file that can be read and holds usable public keys only."""
    if "://" in value:
        return _server(value, info)
    try:
        found = key_sets.parse((_site(info).folder / value).read_bytes())
    except OSError:
        raise ValueError("is no file that can be read; write a path from the clients file's folder") from None
    except ValueError as error:
        raise ValueError(f'{error}; write {{"keys": [...]}} into the file') from None
    if found.holds_secrets:
        raise ValueError("holds a private or symmetric key; leave only the public parts in the file")
    if not found.keys:
        raise ValueError("has no usable key; give RSA (2048 to 8192 bits), EC or EdDSA keys, each with a kid")
    return value


def _algorithm(value: str) -> str:
    if value not in key_sets.ALGORITHMS:
        raise ValueError(f"is not accepted; write one of {', '.join(sorted(key_sets.ALGORITHMS))}")
    return value


def _hook(value: str) -> str:
    if value not in _HOOKS:
        raise ValueError(f"is no hook of this service; write one of {', '.join(_HOOKS)}")
    return value


def _queries(value: dict[str, str]) -> dict[str, str]:
    if not value.keys() <= TYPES.keys():
        raise ValueError(f"has a key that nothing is asked by; known are {', '.join(TYPES)}")
    for key, query in value.items():
        if query != NONE and not _is_query(TYPES[key], query):
            raise ValueError(
                f"{key} is not understood; write `{_example(key)}`, with no other token, or {NONE}"
            )
    return needed(value)


def _is_query(kind: str, query: str) -> bool:
    if kind == "Patient":  # a search would answer with a list
        return query == f"Patient/{_PATIENT}"
    rest = query.removeprefix(f"{kind}?").replace(_PATIENT, "")
    return query.startswith(f"{kind}?") and _PATIENT in query and not re.search(r"[^!-~]|[{}#?\\]", rest)


def _example(key: str) -> str:
    return f"Patient/{_PATIENT}" if key == "patient" else f"{TYPES[key]}?patient={_PATIENT}"


def needed(queries: dict[str, str]) -> dict[str, str]:
    """
    The same queries.

    Raises:
        ValueError: Where `none` would be read as "this patient has none", and the answer be untrue.
    """
    for key in _NEEDED:
        if queries.get(key) == NONE:
            raise ValueError(
                f"{key} is {NONE}, and nothing can be said without; write a query, or leave it out"
            )
    if all(queries.get(key) == NONE for key in _MEDICINES):
        raise ValueError(f"{' and '.join(_MEDICINES)} are both {NONE}; write a query for one of them")
    return queries


def _name(value: str) -> str:
    if not re.fullmatch(r"[a-z0-9-]{1,64}", value):
        raise ValueError("is no name for a client; write up to 64 of a-z, 0-9 and hyphens")
    return value


def _links(value: Any) -> Any:
    return {"all": None, "none": ()}[value] if value in ("all", "none") else _one_or_more(value)


_Text = Annotated[str, AfterValidator(_plain)]
_List = BeforeValidator(_one_or_more)
_Bases = Annotated[tuple[Annotated[str, AfterValidator(_base)], ...], _List]
_Hooks = Annotated[tuple[Annotated[str, AfterValidator(_hook)], ...], _List]
_Queries = Annotated[dict[str, str], AfterValidator(_queries)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Profile(_Model):
    """What `legcramps doctor` found out about a FHIR server."""

    fhir_bases: _Bases = ()
    queries: _Queries = Field(default_factory=dict)


class Entry(Profile):
    """One client, as text; `clients.Client` is what it becomes."""

    issuer: _Text
    keys: Annotated[tuple[Annotated[str, AfterValidator(_key_set)], ...], _List]
    algorithms: Annotated[tuple[Annotated[str, AfterValidator(_algorithm)], ...], _List] = DEFAULT_ALGORITHMS
    audiences: Annotated[tuple[_Text, ...], _List] = ()
    tenants: Annotated[tuple[_Text, ...], _List] = ()
    hooks: _Hooks | None = None
    links: Annotated[tuple[Annotated[str, AfterValidator(_link)], ...] | None, BeforeValidator(_links)] = None
    indicator_cap: Annotated[Indicator, BeforeValidator(lambda text: str(text).lower())] = "critical"
    silent: bool = False
    gated: bool | None = None
    profile: str | None = None
    smart_client_id: Annotated[str, AfterValidator(web_addresses.client_id)] | None = None
    smart_origins: Annotated[tuple[Annotated[str, AfterValidator(_origin)], ...], _List] = ()


class ClientsFile(_Model):
    """The whole file."""

    clients: Annotated[dict[Annotated[str, AfterValidator(_name)], Entry], Field(min_length=1)]


_Checked = TypeVar("_Checked", bound=_Model)


def checked(model: type[_Checked], path: Path, file: str, site: Site) -> _Checked:
    """
    What the YAML file at *path* says; *file* is its name in what is told.

    Raises:
        ValueError: One line for each problem. No value of the file is in it, since one may be secret by mistake.
    """
    try:
        return model.model_validate(_yaml(path, file), context=site)
    except ValidationError as error:
        problems = error.errors(include_url=False, include_input=False)
        lines = dict.fromkeys(f"{file}: {_where(each['loc'])}: {_said(each, model)}" for each in problems)
        raise ValueError("\n".join(lines)) from None


def _yaml(path: Path, file: str) -> Any:
    try:
        return plain_yaml.load(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError):
        raise ValueError(f"{file}: can't be read; write the path of a YAML file in UTF-8") from None
    except plain_yaml.NotPlain as error:
        line = f", line {error.line}" if error.line else ""
        raise ValueError(f"{file}{line}: {error}; write plain YAML, each key once") from None


def _where(parts: Iterable[int | str]) -> str:
    """A key's path, on one line whatever the keys are."""
    told = ""
    for part in parts:
        if isinstance(part, int):
            told += f"[{part}]"
        elif part != "[key]":
            told += f".{part}" if part.isprintable() else f".{part!a}"
    return told.removeprefix(".") or "the file"


# By pydantic's names of errors; its own words are for programmers.
_SAID = {
    "missing": "is missing; write it",
    "bool_parsing": "is neither true nor false; write one of them",
    "bool_type": "is neither true nor false; write one of them",
    "string_type": "is no text; write one value",
    "tuple_type": "is no list; write [one, other]",
    "dict_type": "is no mapping; write keys with values below it",
    "model_type": "is no mapping; write keys with values below it",
    "too_short": "names no client; write at least one",
    "literal_error": "is no indicator; write critical, warning or info",
}


def _said(problem: ErrorDetails, model: type[_Model]) -> str:
    if problem["type"] == "value_error":
        return str(problem["ctx"]["error"])
    if problem["type"] == "extra_forbidden":
        asked = Entry if model is ClientsFile and len(problem["loc"]) > 1 else model
        return f"is not understood; write one of {', '.join(asked.model_fields)}"
    return _SAID.get(problem["type"], "is not understood; compare it with the example in the documentation")
