"""Ends with 0 when the service on this machine can answer calls: the health check inside the container."""

import os
import sys
from http.client import HTTPConnection, HTTPException

_SECONDS = 4  # less than Docker waits, so that the reason gets into its record


def problem(port: int) -> str:
    """Why calls can't be answered; empty when they can. No proxy of the environment is asked."""
    connection = HTTPConnection("127.0.0.1", port, timeout=_SECONDS)
    try:
        connection.request("GET", "/health/ready")
        status = connection.getresponse().status
        return "" if status == 200 else f"status {status}"
    except (OSError, HTTPException) as error:
        return str(error) or type(error).__name__
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(problem(int(os.environ.get("LEGCRAMPS_PORT", "8000"))) or 0)
