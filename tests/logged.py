"""What was logged, read again."""

import io
import json
from typing import Any


def lines(log: io.StringIO) -> list[dict[str, Any]]:
    """The lines of the log, as the service writes it when its output is no terminal."""
    return [json.loads(line) for line in log.getvalue().splitlines()]
