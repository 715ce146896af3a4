"""
Write the next step of the store's schema: python tools/new_migration.py WHAT IS NEW

It holds what distinguishes the tables in schema.py from the steps there are. Read it and correct it, and say what it
does to rows that are there already; a step that has been released is never changed.
"""

import sys
import tempfile
from pathlib import Path

from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from cds_service import migrations
from cds_service.schema import metadata
from cds_service.store import Store


def main(words: str) -> None:
    """Write the step into `cds_service/migrations/versions`, with the next number."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'scratch.db'}"
        Store.open(url).close()
        with create_engine(url).begin() as connection:
            config = migrations.configuration(connection, metadata)
            last = ScriptDirectory.from_config(config).get_current_head() or "0"
            command.revision(config, words, autogenerate=True, rev_id=f"{int(last) + 1:04}")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(" ".join(sys.argv[1:]))
