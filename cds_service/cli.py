"""The command line: `legcramps serve`, `check`, `recognise`, `doctor`, and `cards` for authors of knowledge files."""

import os
import socket
import sys
from datetime import datetime
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated

import typer

from cds_service import settings as site
from cds_service.authoring import commands as authoring
from cds_service.errors import KnowledgeInvalid
from cds_service.knowledge import Knowledge
from cds_service.settings import Settings

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
app.add_typer(authoring.app, name="cards")


@app.callback()
def _legcramps() -> None:
    """Likely contributors to reported nocturnal leg cramps, as CDS Hooks cards."""


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on. (default: 127.0.0.1)")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on, 0 for any. (default: 8000)")] = None,
) -> None:
    """Start the service. Everything else is set by LEGCRAMPS_… variables."""
    # Imported here so that the other commands don't wait for a web framework.
    import structlog
    import uvicorn

    from cds_service import logs, patience, start
    from cds_service.app import create_app
    from cds_service.signatures import lapsed, standings

    try:
        settings = site.load(host=host, port=port)
        listener = _listener(settings)
        settings = site.load(host=host, port=listener.getsockname()[1])
    except (ValueError, OSError) as error:
        raise _refusal(error) from None
    logs.configure(settings.log_level)
    try:
        knowledge = start.knowledge(settings)
        web = create_app(settings, knowledge)
    except (KnowledgeInvalid, ValueError) as error:
        raise _refusal(error) from None
    log = structlog.get_logger()
    for warning in site.warnings(settings):
        log.warning(warning)
    if told := lapsed(standings(knowledge.documents, knowledge.approvals)):
        log.warning("signatures lapsed", **told)
    if not knowledge.contributors:
        log.warning("nothing is signed: the service stays silent", profile=settings.profile)
    if knowledge.review_by is not None and knowledge.review_by < site.today(settings):
        log.warning("the yearly review of the knowledge is overdue", since=str(knowledge.review_by))
    typer.echo(_greeting(settings, knowledge))
    config = uvicorn.Config(
        web,
        http=patience.protocol(settings.body_seconds),
        ws="none",
        timeout_graceful_shutdown=30,
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
    )
    try:
        uvicorn.Server(config).run(sockets=[listener])
    except KeyboardInterrupt:
        # uvicorn has shut down in good order; Control-C is how one stops it.
        raise typer.Exit(0) from None


@app.command()
def check(
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILE…", help="Bundle, Parameters, NDJSON or hook request; gzip too."),
    ],
    today: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="The day to advise on. (default: today at the site)"),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a file, with the trace.")] = False,
    explain: Annotated[
        bool, typer.Option("--explain", help="Tell why: every contributor considered.")
    ] = False,
) -> None:
    """Show the cards that the service would answer with, for the one patient of each file."""
    from cds_service import check as checks

    try:
        settings = site.load()
        day = today.date() if today else site.today(settings)
        raise typer.Exit(checks.check(files, settings, day, as_json=as_json, explain=explain))
    except (ValueError, KnowledgeInvalid) as error:
        raise _refusal(error) from None


@app.command()
def recognise(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE.csv", help="Columns kind (drug, condition, lab), system, code, display."
        ),
    ],
) -> None:
    """Tell for each code or name of a CSV file which value sets it belongs to: why is my drug not seen?"""
    from cds_service import lookup, start

    try:
        text = lookup.read(file)
    except OSError as error:
        raise _refusal(f"{file}: can't be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise _refusal(f"{file}: is not UTF-8 text; save it as CSV UTF-8") from None
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")  # a file, whatever the terminal can show
    try:
        lookup.recognise(text, start.knowledge(site.load()).value_sets, sys.stdout)
    except (ValueError, KnowledgeInvalid) as error:
        raise _refusal(f"{file}: {error}" if isinstance(error, ValueError) else error) from None


@app.command()
def doctor(
    base: Annotated[str, typer.Argument(metavar="BASE", help="The FHIR base, https://fhir.example/r4.")],
    patient: Annotated[
        list[str], typer.Option(metavar="ID", help="A test patient; several: --patient again.")
    ],
    token_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Holds the access token; - for standard input.")
    ] = None,
    write: Annotated[Path | None, typer.Option(metavar="FILE", help="Write a client profile there.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Try our queries on a FHIR server: what works there, how fast, which codes and units come. For test patients."""
    from cds_service.connecting import doctor as doctors

    try:
        settings = site.load()
        visit = doctors.visit_of(base, patient, token_file, write, as_json=as_json)
        raise typer.Exit(doctors.doctor(visit, settings, doctors.knowledge_of(settings)))
    except (ValueError, KnowledgeInvalid) as error:
        raise _refusal(error) from None


def _refusal(error: Exception | str) -> typer.Exit:
    """Tell, in one line, why the service does not start."""
    typer.echo(f"legcramps: {error}", err=True)
    return typer.Exit(2)


def _listener(settings: Settings) -> socket.socket:
    """
    A socket that listens where the settings say.

    Raises:
        OSError: With one line for a person.
    """
    where = f"{settings.host} port {settings.port}"
    try:
        family, _, _, _, address = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        return socket.create_server(address[:2], family=family, backlog=2048)
    except OSError as error:
        # create_server adds the address to the reason; a name that is unknown has an errno of its own kind.
        is_known = error.errno is not None and error.errno > 0
        reason = os.strerror(error.errno or 0) if is_known else error.strerror
        raise OSError(f"can't listen on {where}: {reason}; --host and --port choose another") from None


def _greeting(settings: Settings, knowledge: Knowledge) -> str:
    from cds_service.app import DEMO_STORY, HOOK_PATH

    lines = [f"CDS Hooks discovery: {settings.base_url}/cds-services"]
    if mapping := knowledge.value_sets.mapping:
        unused = [f"{count} {reason}" for reason, count in sorted(mapping.items()) if reason != "used"]
        lines.append(
            f"Codes of this site: {mapping['used']} used. Mappings not used: {', '.join(unused) or 'none'}"
        )
    if settings.authenticates:
        lines.append("Clients are asked who they are: every call of a hook needs a signed token")
    elif settings.is_demo:
        lines += [
            "Cards for a built-in patient:",
            f"  curl -s {settings.base_url}/demo/{DEMO_STORY} | curl -s -H 'Content-Type: application/json' "
            f"--data-binary @- {settings.base_url}{HOOK_PATH}",
        ]
    return "\n".join(lines)


def main() -> None:
    """Entry point of the `legcramps` command."""
    app()


if __name__ == "__main__":
    main()
