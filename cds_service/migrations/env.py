"""
Run by Alembic, once a command.

The connection and the tables are handed in by `migrations.configuration`. It is in a transaction already, so that a
step is taken wholly or not at all, and by one of several processes.
"""

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=context.config.attributes["metadata"],
    render_as_batch=True,  # SQLite can't alter a table: Alembic copies it
)
context.run_migrations()
