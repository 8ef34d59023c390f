"""Errors in SCIM's own form (RFC 7644, 3.12) (pure)."""

from __future__ import annotations

from typing import Any

ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"


class ScimError(Exception):
    """Raised to refuse a request: with the HTTP status, the kind of a 400 or 409, and a sentence."""

    def __init__(self, status: int, detail: str, scim_type: str | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.scim_type = scim_type

    def document(self) -> dict[str, Any]:
        """Return the body of the answer."""
        return error_document(self.status, self.detail, self.scim_type)


def error_document(status: int, detail: str, scim_type: str | None = None) -> dict[str, Any]:
    """Return the body of an answer with that status."""
    kind = {} if scim_type is None else {"scimType": scim_type}
    return {"schemas": [ERROR], "status": str(status), **kind, "detail": detail}


def invalid(detail: str) -> ScimError:
    """Return the refusal of a value that cannot be used."""
    return ScimError(400, detail, "invalidValue")


def not_found(name: str) -> ScimError:
    """Return the refusal of a resource that is not there."""
    return ScimError(404, f"There is no resource {name[:100]!r}.")
