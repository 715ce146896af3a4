"""CDS Hooks service: likely contributors to reported nocturnal leg cramps."""

__version__ = "0.1.0"
