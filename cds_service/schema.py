"""The store's tables: what outlives a request. Nothing clinical, and nobody's name or id, is in any of them."""

from enum import StrEnum

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
)


class Kind(StrEnum):
    """What is counted by day."""

    ANSWER = "answer"  # of a chart that was opened: "cards", or the reason of an empty answer
    ORDER = "order"  # the same, where an order is being signed
    REPORTED = "reported"  # "report": answers for a patient with a report of cramps
    TRIGGERED = "triggered"  # a rule that spoke, shown or not
    FADED = "faded"  # a rule that was silent since it had been shown or overridden
    SIGNAL = "signal"  # see signals


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

seen_tokens = Table(
    "seen_tokens",
    metadata,
    Column("key", LargeBinary(32), primary_key=True),
    Column("until", BigInteger, nullable=False, index=True),  # seconds since 1970
)

# Cards that were issued; those of a silent client were never seen by anybody.
cards = Table(
    "cards",
    metadata,
    Column("uuid", String(36), primary_key=True),
    Column("client", String(64), nullable=False),
    Column("service", String(64), nullable=False),  # the id that was called
    Column("kind", String(16), nullable=False),  # main, also-consider or data
    Column("indicator", String(8), nullable=False),
    Column("issued_on", Date, nullable=False),  # the calendar day at the site
    Column("issued_at", BigInteger, nullable=False),  # milliseconds since 1970
    Column("is_silent", Boolean, nullable=False),
    Column("role", String(16), nullable=False),  # the user's type: Practitioner, PractitionerRole
    Column("key", String(8), nullable=False),  # which of the site's keys made the four below (see pseudonyms)
    Column("patient", LargeBinary(32), nullable=False),
    Column("user", LargeBinary(32), nullable=False),
    Column(
        "reports", LargeBinary, nullable=False
    ),  # the cramp reports that it answered: marks of 8 bytes, sorted
    Index("ix_cards_patient_issued_on", "patient", "issued_on"),
    Index("ix_cards_issued_on", "issued_on"),
)

# What a card is about: a main card has one line, the also-consider card one for each that it shows.
card_lines = Table(
    "card_lines",
    metadata,
    Column("card", String(36), ForeignKey("cards.uuid", ondelete="CASCADE"), primary_key=True),
    Column("place", Integer, primary_key=True),
    Column("rule", String(32), nullable=False),  # chain or row id, "data" or "nothing-found"
    Column("level", String(16), nullable=False),  # critical, warning, info, also_consider
    # a member of a line: it stays silent too when its chain falls apart, since it was told; nobody counts it
    Column("is_part", Boolean, nullable=False),
    Column("facts", LargeBinary, nullable=False),  # marks of 8 bytes, sorted
)

# One row for each outcome that a client told; the same told twice is one row.
feedback = Table(
    "feedback",
    metadata,
    Column("key", LargeBinary(32), primary_key=True),  # a hash of all that makes two outcomes the same
    Column(
        "card", String(64), nullable=False, index=True
    ),  # as the client named it; no card of ours may have it
    Column("client", String(64), nullable=False),
    Column("outcome", String(16), nullable=False),  # accepted or overridden
    Column("reason_system", String(256)),
    Column("reason", String(64)),  # code; None for none
    Column("suggestions", Integer, nullable=False),  # how many were accepted
    Column("comment", String(2000)),  # only where the site keeps them
    Column("outcome_at", BigInteger, nullable=False),  # milliseconds since 1970, by the client's clock
    Column("received_on", Date, nullable=False, index=True),  # the calendar day at the site
    Column("received_at", BigInteger, nullable=False),  # milliseconds since 1970
)

# How often what happened, by day: answers, rules that spoke, and the signals that `watch` looks at.
tallies = Table(
    "tallies",
    metadata,
    Column("day", Date, primary_key=True),
    Column("client", String(64), primary_key=True),
    Column("kind", String(16), primary_key=True),  # see Kind
    Column("name", String(96), primary_key=True),
    Column("count", BigInteger, nullable=False),
)
