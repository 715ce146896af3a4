"""
Writes fresh passwords and a token for docker-compose.yml, each into a file of its own; what is there stays.

    python3 tools/new_secrets.py secrets

The database keeps the password it was made with: a file that is there is never written again. Needs Python alone.
"""

# The containers run as users that this machine doesn't know, and Compose mounts a file with the rights it has here. So
# everybody may read the files, and only the owner may enter the folder: outside the containers nobody gets to them.

import sys
from pathlib import Path
from secrets import token_urlsafe

_FOLDER = 0o700
_FILE = 0o644
_BYTES = 32


def write(folder: Path) -> list[str]:
    """The names of the files that were missing and are there now."""
    folder.mkdir(mode=_FOLDER, parents=True, exist_ok=True)
    folder.chmod(_FOLDER)
    made = [
        name
        for name in ("postgres_password", "legcramps_password")
        if _write(folder / name, token_urlsafe(_BYTES))
    ]
    password = (folder / "legcramps_password").read_text("ascii").strip()
    url = f"postgresql://legcramps_service:{password}@postgres:5432/legcramps"
    made += ["legcramps_store"] if _write(folder / "legcramps_store", url) else []
    return made + (["operator_token"] if _write(folder / "operator_token", token_urlsafe(_BYTES)) else [])


def _write(file: Path, text: str) -> bool:
    try:
        with file.open("x", encoding="ascii") as new:
            new.write(text)
    except FileExistsError:
        return False
    file.chmod(_FILE)
    return True


if __name__ == "__main__":
    place = Path(sys.argv[1])
    names = write(place)
    print(f"{place}: " + (f"wrote {', '.join(names)}" if names else "nothing to do, all are there"))
