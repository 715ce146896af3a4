"""The tools for those who write and sign the knowledge files: `legcramps cards lint`, `diff`, `preview`, `approve`."""

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ParamSpec, TypeVar

import typer
from rich.console import Console
from rich.text import Text

from cds_service import settings as site
from cds_service.errors import KnowledgeInvalid, Problem
from cds_service.settings import Settings
from cds_service.terminal import plain

if TYPE_CHECKING:  # each command imports its own module, so that the others don't wait for it
    from cds_service.signatures import Standing

app = typer.Typer(no_args_is_help=True, help="Check, compare, read and sign the knowledge files.")

REFUSED, NOT_COMPARABLE = 2, 3  # exit codes: 1 is for what the command was asked to find

Folder = Annotated[Path | None, typer.Option(help="The knowledge files. (default: LEGCRAMPS_CARDS)")]
Signatures = Annotated[
    Path | None,
    typer.Option(
        "--approvals", help="Where signatures are kept. (default: LEGCRAMPS_APPROVALS, else beside the files)"
    ),
]


@app.command()
def lint(
    folder: Annotated[
        Path | None,
        typer.Argument(help="The knowledge files. (default: LEGCRAMPS_CARDS)", show_default=False),
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Warnings of style count too.")] = False,
) -> None:
    """Tell what in the files is not understood: file, key, what is wrong, what to write. Then what to look at."""
    from cds_service.authoring.lint import lint as linted

    settings = _settings(folder)
    report = _or_refuse(linted, settings, site.today(settings))
    out = _console()
    for each in report.problems:
        _tell(out, each, "red")
    for each in report.warnings:
        _tell(out, each, "yellow")
    counted = f"; {len(report.warnings)} to look at" if report.warnings else ""
    out.print(Text(f"{report.summary}{counted}.", style="bold"), soft_wrap=True)
    raise typer.Exit(1 if report.problems or (strict and report.warnings) else 0)


@app.command()
def diff(
    revision: Annotated[str, typer.Argument(metavar="REV", help="Git revision, or another folder of files.")],
    folder: Folder = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    exit_code: Annotated[bool, typer.Option("--exit-code", help="Exit with 1 when a card changes.")] = False,
) -> None:
    """Tell whose cards change against an earlier state of the files, and how. Exits with 3 if it can't be compared."""
    from cds_service.authoring import differences
    from cds_service.authoring.revisions import RevisionUnavailable

    try:
        found = _or_refuse(differences.difference, revision, _settings(folder))
    except RevisionUnavailable as error:
        raise _refusal(str(error), NOT_COMPARABLE) from None
    if as_json:
        differences.write_json(found)
    else:
        differences.show(found, _console())
    raise typer.Exit(1 if exit_code and found.changed else 0)


@app.command()
def preview(
    out: Annotated[Path, typer.Option(help="The HTML file to write.")] = Path("cards-preview.html"),
    folder: Folder = None,
) -> None:
    """Write one HTML page: every card of every built-in patient, and every sentence that a file can say."""
    from cds_service.authoring import preview as previews

    page = _or_refuse(previews.page, _settings(folder))
    try:
        out.write_text(page.html, "utf-8")
    except OSError as error:
        raise _refusal(f"{out}: can't be written: {error.strerror}") from None
    cards = "1 card" if page.cards == 1 else f"{page.cards} cards"
    typer.echo(f"{out}: {cards} of {page.patients} built-in patients, {page.sentences} sentences")


@app.command()
def approve(
    files: Annotated[list[str] | None, typer.Argument(metavar="ID…", help="File id, row or chain.")] = None,
    by: Annotated[str, typer.Option(help='Who has read them: "Dr A. Name".')] = "",
    on: Annotated[
        datetime | None,
        typer.Option("--date", formats=["%Y-%m-%d"], help="The day of reading. (default: today)"),
    ] = None,
    profile: Annotated[
        str, typer.Option(help="Tell how many files speak in this profile afterwards.")
    ] = "site",
    all_changed: Annotated[
        bool, typer.Option("--all-changed", help="Every file that is not signed as it is; asks first.")
    ] = False,
    show: Annotated[bool, typer.Option("--list", help="Only tell how each file stands.")] = False,
    folder: Folder = None,
    signatures: Signatures = None,
) -> None:
    """Sign files as they are now: a hash of the content, who, when. A file that changes loses its signature."""
    from cds_service.authoring import approvals

    settings = _settings(folder, signatures)
    desk = _or_refuse(approvals.desk, settings)
    if show:
        approvals.show(desk.standing, _console())
        return
    today = site.today(settings)
    try:
        wanted = approvals.unsigned(desk) if all_changed else approvals.chosen(desk, files or [])
        if all_changed:
            _confirm(wanted, by)
        elif not wanted:
            raise approvals.NotSigned(
                "name the files to sign, or --all-changed; legcramps cards approvals lists them"
            )
        approvals.sign(desk, wanted, by, on.date() if on else today, today)
    except approvals.NotSigned as error:
        raise _refusal(str(error)) from None
    for each in wanted:
        typer.echo(f"Signed {each.rule} {each.id} ({each.digest[:12]}).")
    typer.echo(_or_refuse(approvals.speaking, settings, profile))


@app.command("approvals")
def listed(folder: Folder = None, signatures: Signatures = None) -> None:
    """Tell how each file stands: signed, changed since (by whom signed, and when), or never signed."""
    from cds_service.authoring import approvals

    desk = _or_refuse(approvals.desk, _settings(folder, signatures))
    approvals.show(desk.standing, _console())


# --- what the commands share ------------------------------------------------------------------------------------

Given = ParamSpec("Given")
Made = TypeVar("Made")


def _settings(folder: Path | None, approvals: Path | None = None) -> Settings:
    try:
        return site.load(cards=folder, approvals=approvals)
    except ValueError as error:
        raise _refusal(str(error)) from None


def _or_refuse(make: Callable[Given, Made], *given: Given.args, **named: Given.kwargs) -> Made:
    """What *make* makes; every problem on its own line when the files are not understood."""
    try:
        return make(*given, **named)
    except KnowledgeInvalid as error:
        raise _refusal(str(error)) from None


def _refusal(why: str, code: int = REFUSED) -> typer.Exit:
    for line in why.splitlines():
        typer.echo(f"legcramps: {line}", err=True)
    return typer.Exit(code)


def _confirm(wanted: Sequence["Standing"], by: str) -> None:
    """List what would be signed, and ask."""
    if not wanted:
        typer.echo("Every file is signed as it is.")
        raise typer.Exit(0)
    for each in wanted:
        typer.echo(f"{each.rule} {each.id}: {'changed since signed' if each.approval else 'never signed'}")
    typer.confirm(f"Sign these {len(wanted)} files as {by}?", abort=True)


def _tell(out: Console, problem: Problem, style: str) -> None:
    """One line: where, what, what to write."""
    line = Text(plain(problem.where), style="bold")
    line.append(f": {plain(problem.what)}", style=f"not bold {style}")
    line.append(f"; {plain(problem.write)}" if problem.write else "", style="not bold default")
    out.print(line, soft_wrap=True)


def _console() -> Console:
    return Console(highlight=False)
