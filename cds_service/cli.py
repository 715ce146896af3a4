"""The command line: `legcramps serve` and what operators, integrators and authors of knowledge files run beside it."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from io import StringIO, TextIOWrapper
from pathlib import Path
from typing import Annotated

import typer

from cds_service import garbage
from cds_service import settings as site
from cds_service.authoring import commands as authoring
from cds_service.errors import KnowledgeInvalid

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
app.add_typer(authoring.app, name="cards")
store = typer.Typer(no_args_is_help=True, help="Look after what is remembered.")
app.add_typer(store, name="store")


@app.callback()
def _legcramps() -> None:
    """Likely contributors to reported nocturnal leg cramps, as CDS Hooks cards."""


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on. (default: 127.0.0.1)")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on, 0 for any. (default: 8000)")] = None,
    workers: Annotated[int | None, typer.Option(help="Processes that answer calls. (default: 1)")] = None,
) -> None:
    """Start the service. Everything else is set by LEGCRAMPS_… variables."""
    # Somebody else's folder of figures: the library would count there from the moment that it is imported.
    os.environ.pop("PROMETHEUS_MULTIPROC_DIR", None)
    with garbage.all_kept():
        # Imported here so that the other commands don't wait for a web framework.
        from cds_service import serving

    with _refusing():
        listener = serving.listen(site.load(host=host, port=port, workers=workers))
    with listener:
        with _refusing(), garbage.all_kept():
            settings = site.load(host=host, port=listener.getsockname()[1], workers=workers)
            service = serving.Service.of(settings, listener)
        typer.echo(service.greeting)
        service.run()


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


@app.command()
def report(
    weeks: Annotated[int, typer.Option(help="ISO weeks, the present one among them.")] = 12,
    csv: Annotated[bool, typer.Option("--csv", help="One long table, for other programs.")] = False,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Write a page there.")] = None,
) -> None:
    """Tell what the cards did, by rule and week: shown, accepted, overridden and why, faded, silent."""
    from cds_service.overseeing import report as reports

    with _refusing():
        if html is not None and csv:
            raise ValueError("--csv and --html: choose one of them")
        output = StringIO() if html is not None else sys.stdout
        form: reports.Output = "html" if html is not None else "csv" if csv else "text"
        reports.report(site.load(), weeks, form, output)
        if html is not None and isinstance(
            output, StringIO
        ):  # not before: a report that fails leaves the last one
            html.write_text(output.getvalue(), encoding="utf-8")


@app.command()
def watch(
    since: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="The past begins there: after a change that is wanted."),
    ] = None,
    known: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SIGNAL",
            help="Do not tell of it, nor of what changed with it: the name in [brackets], or its beginning up to a "
            "colon; client/SIGNAL for one client. Several: --known again.",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    textfile: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a gauge for Prometheus' textfile collector.")
    ] = None,
) -> None:
    """Tell what stopped coming, or comes as never before, unnoticed. Exit code 1: something; 2: could not look."""
    from cds_service import logs
    from cds_service.overseeing import watch as watches

    with _refusing():
        settings = site.load()
        logs.configure(settings.log_level)
        asked = watches.Watched(since.date() if since else None, tuple(known or ()), as_json, textfile)
        told = watches.watch(settings, asked, site.today(settings), sys.stdout)
    raise typer.Exit(told)


@store.command()
def purge(
    older_than: Annotated[
        int | None,
        typer.Option(metavar="DAYS", min=0, max=36_500, help="(default: LEGCRAMPS_RETENTION_DAYS)"),
    ] = None,
) -> None:
    """Delete cards, feedback and counts that are older; the service does so once a day by itself."""
    from cds_service.overseeing import upkeep

    with _refusing():
        settings = site.load()
        typer.echo(upkeep.forget(settings, settings.retention_days if older_than is None else older_than))


@store.command("rotate-key")
def rotate_key() -> None:
    """Make a new key for the hashes of patients and users; older ones stay as long as rows need them."""
    from cds_service.overseeing import upkeep

    with _refusing():
        typer.echo(upkeep.rotate_key(site.load()))


@contextmanager
def _refusing() -> Iterator[None]:
    try:
        yield
    except (ValueError, OSError, KnowledgeInvalid) as error:
        raise _refusal(error) from None


def _refusal(error: Exception | str) -> typer.Exit:
    """Tell, in one line, why the service does not start."""
    typer.echo(f"legcramps: {error}", err=True)
    return typer.Exit(2)


def main() -> None:
    """Entry point of the `legcramps` command."""
    app()


if __name__ == "__main__":
    main()
