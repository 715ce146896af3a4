"""Addresses of other servers, as a site writes them."""

import re
from urllib.parse import urlsplit


def absolute(value: str) -> str:
    """
    An http or https address, as written.

    Raises:
        ValueError: With what is wrong and what to write.
    """
    try:
        parts = urlsplit(value)
        is_address = bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_address = False
    if not is_address or not re.fullmatch(r"https?://[!-~]+", value) or "\\" in value:
        raise ValueError("is no absolute web address; write one like https://ehr.example/path")
    if "@" in parts.netloc or "#" in value:
        raise ValueError("has user information or a fragment; write the address without them")
    return value


def server(value: str, *, is_development: bool) -> str:
    """
    The address of a server that we call: plain http is for development.

    Raises:
        ValueError: With what is wrong and what to write.
    """
    if absolute(value).startswith("http:") and not is_development:
        raise ValueError(
            "is not https; write https://, or set LEGCRAMPS_DEVELOPMENT=true for trying things out"
        )
    return value


def fhir_base(value: str, *, is_development: bool) -> str:
    """
    A FHIR base without a slash at its end.

    Raises:
        ValueError: With what is wrong and what to write.
    """
    server(value, is_development=is_development)
    if "?" in value or {".", ".."}.intersection(value.split("/")):
        raise ValueError(
            "has a query or dots in its path; write the FHIR base alone, https://fhir.example/r4"
        )
    return value.rstrip("/")
