"""The knowledge files as they were: at a git revision, or in another folder."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from shutil import which
from tempfile import TemporaryDirectory
from zipfile import ZipFile

_INSTEAD = "name a folder of earlier files in place of a revision"


class RevisionUnavailable(Exception):
    """The earlier knowledge files can't be had; says why in one line."""


@contextmanager
def earlier(revision: str, folder: Path) -> Iterator[Path]:
    """
    The knowledge folder as it was at *revision*: a git revision of the checkout that *folder* is in, or a folder.

    Raises:
        RevisionUnavailable: If git, the checkout or the revision is not there.
    """
    if Path(revision).is_dir():
        yield Path(revision)
        return
    root, commit = _root(folder), _commit(revision, folder)
    where = folder.resolve().relative_to(root.resolve()).as_posix()
    packed = _git(root, "archive", "--format=zip", commit, "--", where)
    with TemporaryDirectory(prefix="legcramps-") as temporary:
        with ZipFile(BytesIO(packed)) as archive:
            archive.extractall(temporary)  # zipfile itself keeps names inside the folder
        yield Path(temporary) / where


def _root(folder: Path) -> Path:
    try:
        return Path(_git(folder, "rev-parse", "--show-toplevel").decode().strip())
    except RevisionUnavailable as error:
        raise RevisionUnavailable(f"{folder} is in no git checkout ({error}); {_INSTEAD}") from None


def _commit(revision: str, folder: Path) -> str:
    """What is behind *revision*; --end-of-options because a revision may begin with a hyphen."""
    asked = ("rev-parse", "--verify", "--end-of-options", f"{revision}^{{commit}}")
    try:
        return _git(folder, *asked).decode().split()[-1]
    except RevisionUnavailable:
        raise RevisionUnavailable(f"`{revision}` is neither a git revision here nor a folder") from None


def _git(folder: Path, *words: str) -> bytes:
    """
    What git prints.

    Raises:
        RevisionUnavailable: If git is not installed or refuses.
    """
    git = which("git")
    if git is None:
        raise RevisionUnavailable(f"git is not installed; {_INSTEAD}")
    command = [git, "-C", str(folder), *words]
    done = subprocess.run(command, capture_output=True, check=False)  # noqa: S603 - a list, no shell
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise RevisionUnavailable(said[0].removeprefix("fatal: ") if said else "git refuses without a word")
    return done.stdout
