"""Addresses of the lists of cases behind figures. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from app.conformance.parameters import ConformanceQuery


@dataclass(frozen=True, slots=True)
class CaseLinks:
    """Makes addresses of the cases of a kind, with the time and the filters of the answer that names them."""

    kind: str
    filters: dict[str, str]

    @classmethod
    def for_query(cls, kind: str, query: ConformanceQuery) -> CaseLinks:
        """Return the addresses for an answer to that query."""
        names = (*ConformanceQuery.model_fields, "steps")
        values = query.model_dump(mode="json", by_alias=True, exclude_none=True, exclude_defaults=True)
        aliases = {"begin": "from", "end": "to"}
        names_kept = {aliases.get(name, name) for name in names}
        filters = {
            name: ",".join(value)
            if isinstance(value, list)
            else str(value).lower()
            if value is True
            else value
            for name, value in values.items()
            if name in names_kept
        }
        return cls(kind, filters)

    def address(self, **narrowed: object) -> str:
        """Return the address of the cases that are narrowed so."""
        narrowing = {
            name: str(value).lower() if isinstance(value, bool) else str(value)
            for name, value in narrowed.items()
            if value is not None
        }
        return f"/v1/conformance/{self.kind}/cases?{urlencode(self.filters | narrowing)}".rstrip("?")
