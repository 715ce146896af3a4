"""`legcramps doctor`: whether a FHIR server gives what we ask for, and the client profile with what works there."""

import asyncio
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from pydantic import ValidationError
from rich.console import Console
from rich.text import Text

from cds_service import reception, settings, start
from cds_service.client_entries import Profile, Site
from cds_service.connecting import client_profile, report
from cds_service.connecting.examination import Examination, Question, examine
from cds_service.connections import Reach
from cds_service.knowledge import Knowledge
from cds_service.network import Network
from cds_service.recognition import Reading
from cds_service.settings import Settings
from cds_service.terminal import plain

_TOKEN = re.compile(r"[!-~]{1,16384}")
_STANDARD_INPUT = Path("-")


@dataclass(frozen=True, slots=True)
class Visit:
    """
    What a person asks the doctor: which FHIR base, which test patients, and where the profile goes, if anywhere.

    *transport* replaces the network in tests.
    """

    base: str
    patients: tuple[str, ...]
    token: str | None = field(default=None, repr=False)
    profile: Path | None = None
    as_json: bool = False
    transport: httpx.AsyncBaseTransport | None = None


def doctor(visit: Visit, site: Settings, knowledge: Knowledge) -> int:
    """
    Examine the server, report, and write the profile; the exit code is 1 when something that we need can't be had.

    Raises:
        ValueError: With one line for a person, when the server can't be asked at all.
    """
    if visit.profile is not None:
        client_profile.check_absent(visit.profile)
    examined = asyncio.run(_examined(visit, site, knowledge))
    console = Console()
    if visit.as_json:
        sys.stdout.write(f"{report.as_json(examined)}\n")
    else:
        report.show(examined, console)
    if visit.profile is not None:
        client_profile.write(visit.profile, _profile(examined, site))
        if not visit.as_json:
            console.print(Text(f"Written: {plain(str(visit.profile))}"))
    return 0 if examined.is_enough else 1


def _profile(examined: Examination, site: Settings) -> str:
    known = examined.capability
    about = (
        f"{known.software or 'unknown software'}, FHIR {known.fhir_version}" if known else "unknown software"
    )
    return client_profile.text(examined.base, examined.queries(), about, settings.today(site))


async def _examined(visit: Visit, site: Settings, knowledge: Knowledge) -> Examination:
    base = _base(visit.base, is_development=site.development)
    if visit.token is None and not site.development:
        raise ValueError(
            f"{base}: no token; give one with --token-file, or set LEGCRAMPS_DEVELOPMENT=true for an open server"
        )
    network = Network(Reach.of(site.private_networks, [base]), site.ca_file, visit.transport)
    patients = tuple(dict.fromkeys(each.removeprefix("Patient/") for each in visit.patients))
    question = Question(base, patients, visit.token, knowledge.prefetch, reception.limits(site))
    try:
        return await examine(question, network, _reading(site, knowledge))
    finally:
        await network.close()


def _reading(site: Settings, knowledge: Knowledge) -> Reading:
    return Reading(
        knowledge.value_sets,
        knowledge.analytes,
        knowledge.reads,
        settings.today(site),
        site.zone,
        frozenset(site.cramp_link_ids),
    )


def _base(written: str, *, is_development: bool) -> str:
    try:
        return Profile.model_validate(
            {"fhir_bases": [written]}, context=Site(Path(), is_development)
        ).fhir_bases[0]
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]
        raise ValueError(f"BASE: {problem['ctx']['error']}") from None


def knowledge_of(site: Settings) -> Knowledge:
    """
    All knowledge, signed or not: a server is examined before anybody signs.

    Raises:
        KnowledgeInvalid: If anything in it is not understood.
    """
    return start.knowledge(site.model_copy(update={"profile": "demo"}))


def token_in(file: Path) -> str:
    """
    The access token that a file holds, "-" for the standard input.

    Raises:
        ValueError: With one line for a person, without anything of the file.
    """
    try:
        text = sys.stdin.read() if file == _STANDARD_INPUT else file.read_text("utf-8")
    except OSError as error:
        raise ValueError(f"{file}: can't be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ValueError(f"{file}: is not text; write the access token alone into it") from None
    token = text.strip()
    if not _TOKEN.fullmatch(token):
        raise ValueError(f"{file}: holds no token, or more than one; write the access token alone into it")
    return token


def visit_of(
    base: str, patients: Sequence[str], token_file: Path | None, profile: Path | None, *, as_json: bool
) -> Visit:
    """
    As the command line says it.

    Raises:
        ValueError: When there is no token in the file.
    """
    token = token_in(token_file) if token_file is not None else None
    return Visit(base, tuple(patients), token, profile, as_json)
