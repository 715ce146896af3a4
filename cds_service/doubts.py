"""What of the settings may not be meant, or must not stay as it is where patients are treated."""

from difflib import get_close_matches

from cds_service.settings import PREFIX, Settings, written


def warnings(settings: Settings) -> list[str]:
    """Each doubt in words for the log."""
    told = {
        "TRUST_SANDBOX: everybody can sign as the public CDS Hooks Sandbox, its private key is published: anybody is "
        "let in; never where patients are treated": settings.trust_sandbox,
        "DEVELOPMENT: FHIR servers are asked over plain http and without a token; never where patients are treated": (
            settings.development
        ),
        "UNAUTHENTICATED: nobody is asked who they are; a gateway has to do that": (
            settings.unauthenticated and not settings.authenticates
        ),
        "BASE_URL: others reach the service there, and nobody is asked who they are; name the clients in "
        f"{PREFIX}CLIENTS, unless a gateway does that": (
            settings.has_public_address and not settings.authenticates and not settings.unauthenticated
        ),
        f"PROFILE: demo shows knowledge that nobody has signed, and others reach the service; set {PREFIX}PROFILE to "
        "another where patients are treated": settings.is_demo
        and (settings.has_public_address or not settings.is_loopback),
        "FHIR_BASES: has no effect beside a clients file, whose entries name their own": (
            bool(settings.fhir_bases and settings.clients) and not settings.trust_sandbox
        ),
    }
    return [f"{PREFIX}{said}" for said, holds in told.items() if holds] + _unknown_names()


def _unknown_names() -> list[str]:
    """
    Variables that look like ours and are none: a typing error would leave its setting at the default without a word.

    A warning only: Kubernetes gives every container variables after the names of its services.
    """
    known = [f"{PREFIX}{name.upper()}" for name in Settings.model_fields]
    ours = (name for name in written() if name.upper().startswith(PREFIX))
    strange = sorted(name for name in ours if name.upper() not in known)
    meant = {name: get_close_matches(name, known, 1) for name in strange}
    return [
        f"{name}: is no setting" + (f"; did you mean {near[0]}?" if near else "")
        for name, near in meant.items()
    ]
