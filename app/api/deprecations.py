"""What will go away: marked where it is declared, said in the contract and in every answer that used it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

from fastapi.routing import APIRoute
from pydantic import BaseModel, GetJsonSchemaHandler
from starlette.datastructures import QueryParams

#: Where the contract keeps it.
EXTENSION = "x-deprecation"

Headers = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Deprecated:
    """An operation or a parameter that goes away: since when that is said, when it stops, what explains it.

    `@router.get(…, **Deprecated(…).operation)`, or `Annotated[str | None, Deprecated(…)]` for a parameter.
    Both instants are in UTC, `see` is an address.
    """

    since: datetime
    sunset: datetime
    see: str

    def __post_init__(self) -> None:
        assert self.since.tzinfo is UTC, "since is in UTC"
        assert self.sunset.tzinfo is UTC, "sunset is in UTC"

    @property
    def operation(self) -> dict[str, Any]:
        """The arguments that mark an operation."""
        return {"deprecated": True, "openapi_extra": {EXTENSION: self._extension()}}

    @property
    def headers(self) -> Headers:
        """What an answer says of it (RFC 9745, RFC 8594)."""
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
    """Those of the operations that have been asked for so far; looking at each once is enough."""

    def __init__(self) -> None:
        self._known: dict[str, dict[str | None, Deprecated]] = {}

    def headers(self, route: Any, query: bytes) -> Headers:
        """What an answer of that route to that query says: of what was used the one that goes away first."""
        if not isinstance(route, APIRoute):
            return []
        marked = self._known.get(route.unique_id)
        if marked is None:
            marked = self._known[route.unique_id] = dict(_marked(route))
        if not marked:
            return []
        asked: set[str | None] = {None, *QueryParams(query)}
        used = [mark for name, mark in marked.items() if name in asked]
        return min(used, key=lambda mark: mark.sunset).headers if used else []


def _marked(route: APIRoute) -> Iterator[tuple[str | None, Deprecated]]:
    """What of the operation is deprecated: parameters by name; None: all of it."""
    told = (route.openapi_extra or {}).get(EXTENSION)
    if told is not None:
        since, sunset = (
            datetime.fromisoformat(told[name]).replace(tzinfo=UTC) for name in ("since", "sunset")
        )
        yield None, Deprecated(since, sunset, told["see"])
    for parameter in route.dependant.query_params:
        kind = parameter.field_info.annotation
        fields = {parameter.alias: parameter.field_info}
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            fields = dict(kind.model_fields)
        for name, field in fields.items():
            for mark in field.metadata:
                if isinstance(mark, Deprecated):
                    yield field.alias or name, mark
