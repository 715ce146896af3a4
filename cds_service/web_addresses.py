"""Addresses of other servers, and what is sent in them, as a site writes them."""

import re
from urllib.parse import urlsplit

# What a Content-Security-Policy takes: a host name, no literal IPv6 address, no wildcard.
_ORIGIN = re.compile(r"https?://[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*(?::[0-9]{1,5})?")


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


def origin(value: str, *, is_development: bool) -> str:
    """
    An origin as browsers write it, which a Content-Security-Policy can name.

    Raises:
        ValueError: With what is wrong and what to write.
    """
    written = server(value, is_development=is_development).removesuffix("/")
    if not _ORIGIN.fullmatch(written):
        raise ValueError("is no origin; write scheme, host name and port alone, https://login.example")
    return written.lower()


def origin_of(base: str) -> str:
    """
    The origin of a FHIR base.

    Raises:
        ValueError: When no page could be allowed to call it.
    """
    parts = urlsplit(base)
    written = f"{parts.scheme}://{parts.netloc}"
    if not _ORIGIN.fullmatch(written):
        raise ValueError("has a host that no page can be allowed to call; write it with a host name")
    return written.lower()


def client_id(value: str) -> str:
    """
    The id of an app at an EHR.

    Raises:
        ValueError: With what is wrong and what to write.
    """
    if not re.fullmatch(r"[!-~]{1,200}", value):
        raise ValueError("is no client id; write it exactly as the EHR gave it")
    return value
