"""Deprecated operations and parameters: marked where they are declared, and announced in the contract and in
every answer to a request that used them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

from fastapi.routing import APIRoute
from pydantic import BaseModel, GetJsonSchemaHandler
from starlette.datastructures import QueryParams

#: The extension of the contract that describes a deprecation.
EXTENSION = "x-deprecation"

Headers = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Deprecated:
    """Marks an operation or a parameter as deprecated: since when, when it stops working (`sunset`), and the
    address of an explanation (`see`). Both instants are in UTC.

    `@router.get(…, **Deprecated(…).operation)`, or `Annotated[str | None, Deprecated(…)]` for a parameter.
    """

    since: datetime
    sunset: datetime
    see: str

    def __post_init__(self) -> None:
        assert self.since.tzinfo is UTC, "since is in UTC"
        assert self.sunset.tzinfo is UTC, "sunset is in UTC"

    @property
    def operation(self) -> dict[str, Any]:
        """Return the arguments of a route that mark its operation as deprecated."""
        return {"deprecated": True, "openapi_extra": {EXTENSION: self._extension()}}

    @property
    def headers(self) -> Headers:
        """Return the headers that announce the deprecation (RFC 9745, RFC 8594)."""
        return [
            ("Deprecation", f"@{int(self.since.timestamp())}"),
            ("Sunset", format_datetime(self.sunset, usegmt=True)),
            ("Link", f'<{self.see}>; rel="deprecation"'),
        ]

    def __get_pydantic_json_schema__(self, core: Any, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {**handler(core), EXTENSION: self._extension()}

    def _extension(self) -> dict[str, str]:
        return {"since": f"{self.since:%Y-%m-%d}", "sunset": f"{self.sunset:%Y-%m-%d}", "see": self.see}


class Deprecations:
    """A cache of the deprecation marks of routes that have been requested so far: each is inspected once."""

    def __init__(self) -> None:
        self._by_route: dict[str, dict[str | None, Deprecated]] = {}

    def headers(self, route: Any, query: bytes) -> Headers:
        """Return the deprecation headers for a request to the route with that query: of the deprecated things
        that it used, those of the one that stops first.
        """
        if not isinstance(route, APIRoute):
            return []
        marked = self._by_route.get(route.unique_id)
        if marked is None:
            marked = self._by_route[route.unique_id] = dict(_marked(route))
        if not marked:
            return []
        names: set[str | None] = {None, *QueryParams(query)}
        used = [mark for name, mark in marked.items() if name in names]
        return min(used, key=lambda mark: mark.sunset).headers if used else []


def _marked(route: APIRoute) -> Iterator[tuple[str | None, Deprecated]]:
    """Yield the deprecation marks of the route, by the name of the parameter; None: the whole operation."""
    deprecation = (route.openapi_extra or {}).get(EXTENSION)
    if deprecation is not None:
        since, sunset = (
            datetime.fromisoformat(deprecation[name]).replace(tzinfo=UTC) for name in ("since", "sunset")
        )
        yield None, Deprecated(since, sunset, deprecation["see"])
    for parameter in route.dependant.query_params:
        kind = parameter.field_info.annotation
        fields = {parameter.alias: parameter.field_info}
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            fields = dict(kind.model_fields)
        for name, field in fields.items():
            for mark in field.metadata:
                if isinstance(mark, Deprecated):
                    yield field.alias or name, mark
