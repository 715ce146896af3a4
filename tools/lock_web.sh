#!/bin/sh
# Writes web/package-lock.json anew after web/package.json was changed: versions and checksums, and no address of anything.
set -eu
cd "$(dirname "$0")/.."

PATH=$PWD/.venv/bin:$PATH npm --prefix web install --package-lock-only --ignore-scripts --loglevel=error
.venv/bin/python - <<'END'
import json
from pathlib import Path

file = Path("web/package-lock.json")
lock = json.loads(file.read_text("utf-8"))
for package in lock["packages"].values():
    package.pop("funding", None)  # where makers ask for money
file.write_text(json.dumps(lock, indent=2, ensure_ascii=False) + "\n", "utf-8")
END
