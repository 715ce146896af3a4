"""What a site may set: environment variables LEGCRAMPS_…, each with an embedded default."""

import ipaddress
import os
import re
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote, urlsplit
from zoneinfo import ZoneInfo

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from cds_service import web_addresses

PREFIX = "LEGCRAMPS_"
NO_STORE = "none"
_SHOWINGS = 3
_SECRETS = Path("/run/secrets")  # where containers find them, each in a file named as its variable
_Listed = Annotated[tuple[str, ...], NoDecode]  # written with commas, not as JSON


def _has_secrets() -> bool:
    return _SECRETS.is_dir() and os.access(_SECRETS, os.R_OK | os.X_OK)


def _folder(name: str) -> Path:
    """A data folder: beside the modules in an installed package, above them in the repository."""
    here = Path(__file__).resolve().parent
    return here / name if (here / name).is_dir() else here.parent / name


def _state_folder() -> Path:
    """Where programs of this user keep what they remember, after the XDG base directory specification."""
    state = Path(os.environ.get("XDG_STATE_HOME", ""))
    home = Path(os.path.expanduser("~"))  # unlike Path's own, no error for a user that has none
    usual = home / ".local" / "state" if home.is_absolute() else Path("/var/lib")
    return (state if state.is_absolute() else usual) / "legcramps"


class Settings(BaseSettings):
    """
    All settings. *timezone* decides which day is today (None: UTC); *today* overrides it, on loopback only.

    *max_body* counts bytes. *profile* "demo" shows knowledge that nobody has signed; it is the default on
    loopback, "production" elsewhere. *base_url* is the address under which others reach the service. *code_map* is a
    ConceptMap file, or a folder of them, for a site's own codes. *labs_by* and *also_ask* change the prefetch that
    discovery offers; *cramp_link_ids* are the questions of forms that ask about leg cramps at night. *approvals* is
    the file of signatures; *indicator_cap*, *more_override_reasons*, *say_nothing_found* and *pathways* change
    what cards show.

    *clients* is the file of those who may call; without one nobody is asked who they are, which on other addresses
    than loopback has to be said by *unauthenticated*. *store* is a database URL, or "none": nothing is remembered.
    *hash_keys* is the file of keys of its hashes, *retention_days* how long cards and feedback are kept, *comments*
    whether their free text is. *fade_after* is how often one reader is shown the same card (None: as `showings` says).
    *operator_token_file* holds the token for figures, *order_sign* adds a service for that hook. *fhir_bases* are the
    FHIR servers that callers may name where there is no such file, *private_networks* where servers of the site may
    be; *development* allows plain http and open FHIR servers, *trust_sandbox* a key that everybody has. *gated* has the
    rest of a record fetched only once a cramp report is there. *fetch_seconds* is for everything that one request
    fetches, *fetch_bytes* for one answer, *fetch_pages* and *fetch_resources* for one list. *concurrency* counts hook
    calls in progress in each of the *workers*, *body_seconds* is how long a request may take to arrive.

    *smart_client_id* is what the EHR at *fhir_bases* calls the timeline, *smart_origins* what signing in needs.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, extra="ignore", frozen=True, secrets_dir=_SECRETS if _has_secrets() else None
    )

    host: str = Field("127.0.0.1", min_length=1)
    port: int = Field(8000, ge=0, le=65535)
    timezone: str | None = None
    today: date | None = None
    max_body: int = Field(4 * 1024 * 1024, ge=1)
    cards: Path = Field(default_factory=lambda: _folder("cards"))
    fixtures: Path = Field(default_factory=lambda: _folder("fixtures"))
    profile: str = Field("", pattern=r"^[a-z0-9-]*$")
    base_url: str = ""
    cors_origins: _Listed = ("*",)
    log_level: str = "info"
    code_map: Path | None = None
    labs_by: str = "code"
    also_ask: _Listed = ()
    cramp_link_ids: _Listed = ()
    approvals: Path | None = None
    indicator_cap: str = "critical"
    more_override_reasons: bool = False
    say_nothing_found: bool = False
    pathways: _Listed = ()
    clients: Path | None = None
    unauthenticated: bool = False
    hash_keys: Path | None = None
    fade_after: int | None = Field(None, ge=0, le=1000)
    retention_days: int = Field(400, ge=366, le=36_500)
    comments: bool = False
    operator_token_file: Path | None = None
    order_sign: bool = False
    workers: int = Field(1, ge=1, le=256)
    store: str = Field(default_factory=lambda: f"sqlite:///{quote(str(_state_folder() / 'legcramps.db'))}")
    fhir_bases: _Listed = ()
    smart_client_id: str | None = None
    smart_origins: _Listed = ()
    private_networks: _Listed = ()
    development: bool = False
    trust_sandbox: bool = False
    ca_file: Path | None = None
    gated: bool = False
    fetch_seconds: float = Field(4, gt=0, le=60)
    fetch_bytes: int = Field(8 * 1024 * 1024, ge=1024)
    fetch_pages: int = Field(10, ge=1)
    fetch_resources: int = Field(2000, ge=1)
    concurrency: int = Field(64, ge=1)
    body_seconds: float = Field(10, gt=0)

    @field_validator(
        "cors_origins",
        "also_ask",
        "cramp_link_ids",
        "pathways",
        "fhir_bases",
        "smart_origins",
        "private_networks",
        mode="before",
    )
    @classmethod
    def _split(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        return tuple(each.strip() for each in value.split(",") if each.strip())

    @field_validator("cors_origins")
    @classmethod
    def _origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(origin.rstrip("/") for origin in value)

    @field_validator(
        *(
            "code_map",
            "approvals",
            "clients",
            "ca_file",
            "hash_keys",
            "operator_token_file",
            "smart_client_id",
        ),
        mode="before",
    )
    @classmethod
    def _none_said(cls, value: Any) -> Any:
        return None if value == "" else value

    @field_validator("fhir_bases", "smart_origins")
    @classmethod
    def _bases(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(base.rstrip("/") for base in value)

    @field_validator("smart_client_id")
    @classmethod
    def _app(cls, value: str | None) -> str | None:
        return None if value is None else web_addresses.client_id(value)

    @field_validator("private_networks")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        try:
            return tuple(str(ipaddress.ip_network(network)) for network in value)
        except ValueError:
            raise ValueError("is a comma list of networks like 10.20.0.0/16") from None

    @field_validator("code_map", "clients", "ca_file", "operator_token_file")
    @classmethod
    def _is_there(cls, value: Path | None) -> Path | None:
        if value is not None and not value.exists():
            raise ValueError("is no file and no folder")
        return value

    @field_validator("indicator_cap")
    @classmethod
    def _known_indicator(cls, value: str) -> str:
        if value.lower() not in ("critical", "warning", "info"):
            raise ValueError("is critical, warning or info")
        return value.lower()

    @field_validator("pathways")
    @classmethod
    def _rule_and_address(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not all(re.fullmatch(r"[A-Z]\d+b?=https?://\S+", each) for each in value):
            raise ValueError("is a comma list like L01=https://intranet.example/low-potassium")
        return value

    @field_validator("labs_by")
    @classmethod
    def _known_way(cls, value: str) -> str:
        if value.lower() not in ("code", "category"):
            raise ValueError("is code or category")
        return value.lower()

    @field_validator("also_ask")
    @classmethod
    def _known_keys(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not set(value) <= {"encounters", "questionnaireResponses"}:
            raise ValueError("is a comma list out of encounters, questionnaireResponses")
        return value

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str | None) -> str | None:
        try:
            return ZoneInfo(value).key if value else None
        except (KeyError, ValueError, OSError):
            raise ValueError("is no IANA time zone, such as Europe/London") from None

    @field_validator("base_url")
    @classmethod
    def _web_address(cls, value: str) -> str:
        if value and not value.startswith(("http://", "https://")):
            raise ValueError("starts with http:// or https://")
        return value.rstrip("/")

    @field_validator("log_level")
    @classmethod
    def _known_level(cls, value: str) -> str:
        if value.lower() not in ("debug", "info", "warning", "error"):
            raise ValueError("is debug, info, warning or error")
        return value.lower()

    @field_validator("cards", "fixtures")
    @classmethod
    def _is_folder(cls, value: Path) -> Path:
        if not value.is_dir():
            raise ValueError("is no folder")
        return value

    @model_validator(mode="after")
    def _today_stays_at_home(self) -> "Settings":
        if self.today is not None and not self.is_loopback:
            raise ValueError(
                f"{PREFIX}TODAY is for trying things out: it is refused unless the host is loopback"
            )
        return self

    @model_validator(mode="after")
    def _are_servers(self) -> "Settings":
        checked = (
            ("FHIR_BASES", self.fhir_bases, web_addresses.fhir_base),
            ("SMART_ORIGINS", self.smart_origins, web_addresses.origin),
        )
        for name, values, check in checked:
            try:
                for each in values:
                    check(each, is_development=self.development)
            except ValueError as error:
                raise ValueError(f"{PREFIX}{name}: one {error}") from None
        return self

    @model_validator(mode="after")
    def _app_opens(self) -> "Settings":
        if self.smart_client_id is None:
            if self.smart_origins:
                raise ValueError(f"{PREFIX}SMART_ORIGINS: opens nothing without {PREFIX}SMART_CLIENT_ID")
        elif self.clients is not None and not self.trust_sandbox:
            raise ValueError(
                f"{PREFIX}SMART_CLIENT_ID: has no effect beside a clients file; write `smart_client_id` into an entry"
            )
        elif not self.fhir_bases:
            raise ValueError(f"{PREFIX}SMART_CLIENT_ID: name the EHR's FHIR server in {PREFIX}FHIR_BASES too")
        return self

    @model_validator(mode="after")
    def _asks_who_is_there(self) -> "Settings":
        # the Sandbox's key is no authentication: everybody has it
        if not (self.is_loopback or self.clients or self.unauthenticated):
            raise ValueError(
                f"{self.host} can be reached by others, and nobody would be asked who they are: name the clients in "
                f"{PREFIX}CLIENTS, or set {PREFIX}UNAUTHENTICATED=true behind a gateway that authenticates"
            )
        return self

    @model_validator(mode="after")
    def _remembers_tokens(self) -> "Settings":
        if self.authenticates and not self.remembers:
            raise ValueError(
                f"{PREFIX}STORE: is {NO_STORE}, and tokens of clients could be used twice; name a database"
            )
        return self

    @model_validator(mode="after")
    def _knows_its_address(self) -> "Settings":
        if self.authenticates and not self.is_loopback and not self.has_public_address:
            raise ValueError(
                f"{PREFIX}BASE_URL: clients sign for the URL that they call; write the service's public address, "
                "such as https://cds.example"
            )
        return self

    @model_validator(mode="before")
    @classmethod
    def _derived(cls, values: dict[str, Any]) -> dict[str, Any]:
        host = values.get("host", "127.0.0.1")
        profile = values.get("profile") or ("demo" if _is_loopback(str(host)) else "production")
        base_url = values.get("base_url") or f"http://{_in_url(str(host))}:{values.get('port', 8000)}"
        return {**values, "profile": profile, "base_url": base_url}

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach the service."""
        return _is_loopback(self.host)

    @property
    def has_public_address(self) -> bool:
        """Whether others know an address of the service, by a proxy on this machine perhaps."""
        return not _is_loopback(urlsplit(self.base_url).hostname or "")

    @property
    def authenticates(self) -> bool:
        """Whether every hook call has to prove who it is from."""
        return self.clients is not None or self.trust_sandbox

    @property
    def has_workbench(self) -> bool:
        """Whether anybody may try the service in a browser: a page can't sign calls."""
        return self.is_demo and not self.authenticates

    @property
    def can_sign_in(self) -> bool:
        """Whether browsers have cryptography on pages of ours, which signing in at an EHR needs."""
        return self.base_url.startswith("https://") or not self.has_public_address

    @property
    def remembers(self) -> bool:
        """Whether anything outlives a request."""
        return self.store != NO_STORE

    @property
    def names_store(self) -> bool:
        """Whether somebody chose where things are remembered, or nobody said anything."""
        return "store" in self.model_fields_set

    @property
    def showings(self) -> int:
        """
        How often one reader is shown the same card before it falls silent; 0: as often as they look.

        Who tries the service out looks at the same patient again and again: there nothing fades for that by default.
        """
        if self.fade_after is not None:
            return self.fade_after
        return 0 if self.is_demo and not self.names_store else _SHOWINGS

    @property
    def zone(self) -> ZoneInfo | None:
        """The site's time zone, None when it isn't known."""
        return ZoneInfo(self.timezone) if self.timezone else None

    @property
    def is_demo(self) -> bool:
        """Whether unsigned knowledge and the built-in patients are shown."""
        return self.profile == "demo"


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def _in_url(host: str) -> str:
    """*host* as a URL writes it; an address that stands for all interfaces becomes one that can be called."""
    if host in ("0.0.0.0", "::"):  # noqa: S104 - compared, not bound
        return "127.0.0.1"
    return f"[{host}]" if ":" in host and not host.startswith("[") else host


def load(**given: Any) -> Settings:
    """
    The settings: *given* (None: not given), then the environment, then the defaults.

    Raises:
        ValueError: With one line for a person, naming the variable.
    """
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]
        name = "_".join(str(part) for part in problem["loc"]).upper()
        said = problem["msg"].removeprefix("Value error, ")
        raise ValueError(f"{PREFIX}{name}: {said}" if name else said) from None


def today(settings: Settings) -> date:
    """The calendar day at the site."""
    return settings.today or datetime.now(settings.zone or UTC).date()


def written() -> set[str]:
    """The names of all variables of this process, ours and others, and of all files that stand for one."""
    return {*os.environ, *(each.name for each in (_SECRETS.iterdir() if _has_secrets() else ()))}
