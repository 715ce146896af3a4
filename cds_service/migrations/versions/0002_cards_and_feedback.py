"""Cards that were issued, what they were about, feedback on them, and counts by day."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the step; nothing that was there is touched."""
    op.create_table(
        "cards",
        sa.Column("uuid", sa.String(36), nullable=False),
        sa.Column("client", sa.String(64), nullable=False),
        sa.Column("service", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("indicator", sa.String(8), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("issued_at", sa.BigInteger(), nullable=False),
        sa.Column("is_silent", sa.Boolean(), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("key", sa.String(8), nullable=False),
        sa.Column("patient", sa.LargeBinary(32), nullable=False),
        sa.Column("user", sa.LargeBinary(32), nullable=False),
        sa.Column("reports", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("uuid", name=op.f("pk_cards")),
    )
    op.create_index("ix_cards_issued_on", "cards", ["issued_on"])
    op.create_index("ix_cards_patient_issued_on", "cards", ["patient", "issued_on"])
    op.create_table(
        "card_lines",
        sa.Column("card", sa.String(36), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("rule", sa.String(32), nullable=False),
        sa.Column("level", sa.String(16), nullable=False),
        sa.Column("is_part", sa.Boolean(), nullable=False),
        sa.Column("facts", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["card"], ["cards.uuid"], name=op.f("fk_card_lines_card_cards"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("card", "place", name=op.f("pk_card_lines")),
    )
    op.create_table(
        "feedback",
        sa.Column("key", sa.LargeBinary(32), nullable=False),
        sa.Column("card", sa.String(64), nullable=False),
        sa.Column("client", sa.String(64), nullable=False),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("reason_system", sa.String(256)),
        sa.Column("reason", sa.String(64)),
        sa.Column("suggestions", sa.Integer(), nullable=False),
        sa.Column("comment", sa.String(2000)),
        sa.Column("outcome_at", sa.BigInteger(), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_feedback")),
    )
    op.create_index(op.f("ix_feedback_card"), "feedback", ["card"])
    op.create_index(op.f("ix_feedback_received_on"), "feedback", ["received_on"])
    op.create_table(
        "tallies",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("client", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("name", sa.String(96), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("day", "client", "kind", "name", name=op.f("pk_tallies")),
    )


def downgrade() -> None:
    """Take it back, with what was kept there: every card speaks again, and the report is empty."""
    for table in ("tallies", "feedback", "card_lines", "cards"):
        op.drop_table(table)
