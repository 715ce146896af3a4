"""Token ids that were seen."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the step."""
    op.create_table(
        "seen_tokens",
        sa.Column("key", sa.LargeBinary(32), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_seen_tokens")),
    )
    op.create_index(op.f("ix_seen_tokens_until"), "seen_tokens", ["until"])


def downgrade() -> None:
    """Take it back, with what was kept there: every token that is still valid can then be used once more."""
    op.drop_table("seen_tokens")
