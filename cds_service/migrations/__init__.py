"""The store's schema, one step a file in `versions/`; the service takes the steps itself when it starts."""

# Alembic is imported where a step is to be taken: that takes a tenth of a second, and few starts have any.

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, MetaData, inspect, text

if TYPE_CHECKING:
    from alembic.config import Config
    from alembic.script import ScriptDirectory

_HERE = Path(__file__).resolve().parent


class SchemaUnknown(ValueError):
    """The database has a schema that this version doesn't know: a newer version wrote it, or somebody else did."""


def configuration(connection: Connection, metadata: MetaData) -> "Config":
    """What Alembic's commands need; they work inside the transaction that *connection* is in."""
    from alembic.config import Config

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
    if _is_up_to_date(connection):
        return
    from alembic import command
    from alembic.script import ScriptDirectory

    config = configuration(connection, metadata)
    _refuse_unknown(connection, ScriptDirectory.from_config(config))
    command.upgrade(config, "head")


def _is_up_to_date(connection: Connection) -> bool:
    """Whether the database says that the last of the steps was taken; their files are named in order."""
    if not inspect(connection).has_table("alembic_version"):
        return False
    taken = connection.scalars(text("SELECT version_num FROM alembic_version")).all()
    last = max(file.name.partition("_")[0] for file in (_HERE / "versions").glob("[0-9]*.py"))
    return list(taken) == [last]


def _refuse_unknown(connection: Connection, steps: "ScriptDirectory") -> None:
    from alembic.runtime.migration import MigrationContext
    from alembic.util import CommandError

    for revision in MigrationContext.configure(connection).get_current_heads():
        try:
            steps.get_revision(revision)
        except CommandError:
            raise SchemaUnknown(revision) from None
