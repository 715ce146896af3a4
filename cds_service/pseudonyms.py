"""Keyed hashes in place of patients, users and facts, and the file of the keys."""

# A patient's id has too few values for a hash without a key: whoever has the database could try them all. The keys are
# a file, not a row, so that a copy of the database tells nothing. A new key is added now and then: rows go on being
# found by the keys that made them, until those are taken out of the file; then nobody can tell whose the rows were.

import base64
import binascii
import hmac
import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from hashlib import sha256
from pathlib import Path

_BYTES = 32  # of a key
MARK = 8  # of a fact's hash: to be told from the few others of one patient
_HELP = "write lines like 2026-11-22 and 32 bytes in base64, or let `legcramps store rotate-key` write them"


class KeysInvalid(ValueError):
    """The file of keys can't be used; one line for a person, without anything of a key."""

    def __init__(self, problem: str) -> None:
        super().__init__(f"LEGCRAMPS_HASH_KEYS: {problem}")


@dataclass(frozen=True)
class Key:
    """One key, and the day from which it was used."""

    since: date
    secret: bytes

    @cached_property
    def name(self) -> str:
        """What rows say of the key that made them: it tells the keys apart, and nothing of them."""
        return sha256(b"name\0" + self.secret).hexdigest()[:8]

    def of(self, kind: str, client: str, identity: str) -> bytes:
        """A patient or user of a client (32 bytes); the same id elsewhere is somebody else."""
        return self._digest(f"{kind}\0{client}\0{identity}")

    def mark(self, patient: bytes, fact: str) -> bytes:
        """A fact about a patient, told by this key (8 bytes); the same fact of another patient looks different."""
        return hmac.digest(self.secret, b"fact\0" + patient + _bytes(fact), "sha256")[:MARK]

    def _digest(self, text: str) -> bytes:
        return hmac.digest(self.secret, _bytes(text), "sha256")


@dataclass(frozen=True)
class Keys:
    """The keys of a site, the newest first: that one makes new rows, all of them find old ones."""

    all: tuple[Key, ...]

    @property
    def newest(self) -> Key:
        """The one for new rows."""
        return self.all[0]


def load(path: Path) -> Keys:
    """
    The keys in a file; it is made, with one key and for our eyes only, where there is none.

    Raises:
        KeysInvalid: When it can't be read, made or understood.
    """
    try:
        if not path.exists():
            _make(path)
        lines = path.read_text("ascii").splitlines()
    except OSError as error:
        raise KeysInvalid(f"{path} can't be used: {error.strerror}; name a file to read") from None
    except UnicodeDecodeError:
        raise KeysInvalid(f"{path} is no file of keys; {_HELP}") from None
    return Keys(tuple(sorted(_keys(lines, path), key=lambda key: key.since, reverse=True)))


def rotate(path: Path, today: date, kept_days: int) -> tuple[int, int]:
    """
    Put a new key into the file, and take those out that no row can need: how many there are, how many went.

    A key went out of use when the next one came; rows are kept for *kept_days* after that.

    Raises:
        KeysInvalid: When the file can't be read, understood or written.
    """
    keys = load(path).all
    replaced = (today, *(key.since for key in keys))
    kept = [key for key, until in zip(keys, replaced, strict=False) if (today - until).days <= kept_days]
    since = max(today, keys[0].since)  # a clock that ran ahead must not keep the old one in use
    everything = [Key(since, secrets.token_bytes(_BYTES)), *kept]
    made = path.with_name(f"{path.name}.new")
    try:
        made.unlink(missing_ok=True)
        _write(made, everything)
        owner = path.stat()
        if (owner.st_uid, owner.st_gid) != (made.stat().st_uid, made.stat().st_gid):
            os.chown(made, owner.st_uid, owner.st_gid)  # the service has to read it, whoever changes it
        os.replace(made, path)
    except OSError as error:
        raise KeysInvalid(f"{path} can't be written: {error.strerror}") from None
    return len(everything), len(keys) - len(kept)


def _make(path: Path) -> None:
    """Of two processes that start at the same time one makes it, the other uses that."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    made = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    _write(made, [Key(date.min, secrets.token_bytes(_BYTES))])
    try:
        os.link(made, path)
    except FileExistsError:
        pass
    except OSError:  # a file system without links
        os.replace(made, path)
    finally:
        made.unlink(missing_ok=True)


def _write(path: Path, keys: Sequence[Key]) -> None:
    lines = (f"{key.since.isoformat()} {base64.b64encode(key.secret).decode()}\n" for key in keys)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
        file.write(
            "# Keys of the hashes in the store, each with its first day. Keep a copy apart from the store's.\n"
        )
        file.writelines(lines)
        file.flush()
        os.fsync(file.fileno())


def _keys(lines: Sequence[str], path: Path) -> Sequence[Key]:
    found = []
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        try:
            since, secret = line.split()
            found.append(Key(date.fromisoformat(since), base64.b64decode(secret, validate=True)))
        except (ValueError, binascii.Error):
            raise KeysInvalid(f"{path} line {number} is not understood; {_HELP}") from None
        if len(found[-1].secret) < _BYTES:
            raise KeysInvalid(f"{path} line {number} has less than {_BYTES} bytes; {_HELP}")
    if not found:
        raise KeysInvalid(f"{path} holds no key; {_HELP}")
    return found


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
