"""The store's schema, one step a file in `versions/`; the service takes the steps itself when it starts."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, MetaData

_HERE = Path(__file__).resolve().parent


class SchemaUnknown(ValueError):
    """The database has a schema that this version doesn't know: a newer version wrote it, or somebody else did."""


def configuration(connection: Connection, metadata: MetaData) -> Config:
    """What Alembic's commands need; they work inside the transaction that *connection* is in."""
    made = Config()
    made.set_main_option("script_location", str(_HERE).replace("%", "%%"))
    made.set_main_option("path_separator", "os")
    made.attributes.update(connection=connection, metadata=metadata)
    return made


def upgrade(connection: Connection, metadata: MetaData) -> None:
    """
    Take the steps that the database lacks; none when it is up to date.

    Raises:
        SchemaUnknown: When it is further than we know the way.
    """
    config = configuration(connection, metadata)
    _refuse_unknown(connection, ScriptDirectory.from_config(config))
    command.upgrade(config, "head")


def _refuse_unknown(connection: Connection, steps: ScriptDirectory) -> None:
    for revision in MigrationContext.configure(connection).get_current_heads():
        try:
            steps.get_revision(revision)
        except CommandError:
            raise SchemaUnknown(revision) from None
