"""Structured logs on standard error: JSON lines, or coloured ones for a person at a terminal."""

import logging
import sys
from collections.abc import MutableMapping
from traceback import extract_tb
from typing import Any, TextIO

import structlog


def place(error: BaseException) -> str:
    """
    Kind and place of an error, without its message.

    A message may quote what it stumbled over, and that may be a patient's.
    """
    while isinstance(error, BaseExceptionGroup):  # of tasks that ran together: the first that failed
        error = error.exceptions[0]
    last = extract_tb(error.__traceback__)[-1:]
    where = f" at {last[0].filename.rpartition('/')[2]}:{last[0].lineno} in {last[0].name}" if last else ""
    return f"{type(error).__name__}{where}"


def _without_message(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Put an error's kind and place where a traceback with its values would go."""
    info = event.pop("exc_info", None)
    error = sys.exc_info()[1] if info is True else info[1] if isinstance(info, tuple) else info
    if isinstance(error, BaseException):
        event["error"] = place(error)
    return event


def configure(level: str, stream: TextIO | None = None) -> None:
    """
    Send our own logs, and the libraries' warnings, to *stream* (None: standard error) in one form.

    Below a warning libraries are not heard, whatever *level* is: httpx, for one, tells every URL it asks for.
    """
    out = stream or sys.stderr
    shared: list[structlog.typing.Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _without_message,
    ]
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer() if out.isatty() else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[*shared, renderer],
        logger_factory=structlog.WriteLoggerFactory(out),
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
