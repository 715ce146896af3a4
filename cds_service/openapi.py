"""How the hook is described in /openapi.json; it reads its body itself, so nobody else can tell."""

from typing import Any


def hook(name: str) -> dict[str, Any]:
    """The request and the answers of the hook *name*, as OpenAPI."""
    return {
        "requestBody": {"required": True, "content": {"application/json": {"schema": _request(name)}}},
        "responses": _RESPONSES,
    }


def feedback() -> dict[str, Any]:
    """What clients tell of the cards of a service, as OpenAPI."""
    outcome = {
        "type": "object",
        "required": ["card", "outcome", "outcomeTimestamp"],
        "properties": {
            "card": {"type": "string", "description": "The card's uuid."},
            "outcome": {"enum": ["accepted", "overridden"]},
            "outcomeTimestamp": {"type": "string", "format": "date-time"},
            "acceptedSuggestions": {
                "type": "array",
                "items": {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}},
            },
            "overrideReason": {
                "type": "object",
                "properties": {"reason": {"type": "object"}, "userComment": {"type": "string"}},
            },
        },
    }
    schema = {
        "type": "object",
        "required": ["feedback"],
        "properties": {"feedback": {"type": "array", "minItems": 1, "items": outcome}},
    }
    kept = {"description": "Kept.", "content": {"application/json": {}}}
    return {
        "requestBody": {"required": True, "content": {"application/json": {"schema": schema}}},
        "responses": {
            **{status: _RESPONSES[status] for status in _RESPONSES if status != "412"},
            "200": kept,
        },
    }


def explain() -> dict[str, Any]:
    """The body of the patient-view hook, and why it is answered as it is, as OpenAPI."""
    told = {"description": "Trace, timeline, entries.", "content": {"application/json": {}}}
    return {**hook("patient-view"), "responses": {**_RESPONSES, "200": told}}


def queried(name: str) -> dict[str, Any]:
    """What an address has behind its question mark."""
    return {"parameters": [{"name": name, "in": "query", "required": True, "schema": {"type": "string"}}]}


def named(*names: str) -> dict[str, Any]:
    """What a path has in braces, which its function takes from the request itself."""
    text = {"type": "string"}
    return {"parameters": [{"name": each, "in": "path", "required": True, "schema": text} for each in names]}


def _request(name: str) -> dict[str, Any]:
    return {
        "type": "object",
        "required": ["hook", "hookInstance", "context"],
        "properties": {
            "hook": {"type": "string", "const": name},
            "hookInstance": {"type": "string", "format": "uuid"},
            "fhirServer": {"type": "string", "format": "uri"},
            "fhirAuthorization": {
                "type": "object",
                "required": ["access_token"],
                "properties": {"access_token": {"type": "string"}, "token_type": {"const": "Bearer"}},
            },
            "context": {
                "type": "object",
                "required": ["userId", "patientId"],
                "properties": {
                    "userId": {"type": "string", "examples": ["Practitioner/1"]},
                    "patientId": {"type": "string", "pattern": "^[^/\\s]{1,255}$"},
                    "encounterId": {"type": "string"},
                },
            },
            "prefetch": {
                "type": "object",
                "description": "FHIR R4 or R5 by the keys of discovery; null: there is nothing.",
                "additionalProperties": {"type": ["object", "null"]},
            },
        },
    }


_RESPONSES = {
    "200": {
        "description": "Cards; none when there is nothing to say.",
        "content": {"application/json": {}},
    },
    **{
        str(status): {"description": f"{what}: an OperationOutcome", "content": {"application/json": {}}}
        for status, what in (
            (400, "Not a request that can be used"),
            (401, "No valid token of a known client, where clients are asked who they are"),
            (403, "A hook that is not open to this client"),
            (408, "Took too long to arrive"),
            (412, "Required data was not supplied and could not be fetched"),
            (413, "Too large"),
            (415, "Not JSON"),
            (503, "Too much to do just now; Retry-After says when to come back"),
        )
    },
}
