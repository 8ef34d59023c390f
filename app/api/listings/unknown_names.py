"""Warnings of a list's answer: names in filters that no record has. The list is empty because of them, and
would read as "there is no work". They are not refused, as clients may rely on the empty list.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args
from uuid import UUID

from pydantic import BaseModel, Field

from app.api.listings.filters import REFERENCE, Parameter, Reference
from app.api.records.shapes import OutputModel, Renderer
from app.api.unknown_keys import NamedKey, nearest, visible_keys, warning_sentence
from app.common.people import Caller
from app.kernel.access.reads import is_id
from app.kernel.ledger import Ledger
from app.kernel.visible_records import is_visible

#: Values of filters that name no record: none at all, or the caller.
NOT_NAMES = frozenset({"none", "me"})
#: The kinds whose keys are unique only within a process.
OF_PROCESSES = frozenset({"category"})
#: The kinds with a sentence of their own.
SAID_KINDS = frozenset({"service", "ci", "category", "team", "person"})
WITH_VALUE = """
select h.audience from {table} r join log.stream_head h on h.stream = '{kind}/' || r.id
where r.{column} = %s"""


class FilterWarning(OutputModel):
    """A name in a filter that no record here has."""

    parameter: str = Field(description="Query parameter with the name.", examples=["service"])
    code: str = Field(
        description="Code of the warning: `unknown_service`, `unknown_ci`, `unknown_category`, "
        "`unknown_team`, `unknown_person` or `unknown_record`.",
        examples=["unknown_service"],
    )
    detail: str = Field(description="Warning as a sentence, in the reader's language.")
    near: list[str] = Field(description="Known names that resemble it, the closest first; at most three.")


@dataclass(frozen=True, slots=True)
class NameLookup:
    """A search for records by their names, as far as the caller sees them. `process` is the kind of records
    whose categories are meant; None if categories are not searched for.
    """

    ledger: Ledger
    caller: Caller
    language: str
    process: str | None = None

    async def warning_of(self, parameter: str, kind: str, by: str, name: str) -> FilterWarning | None:
        """Return the warning of a name that no record of the kind has; None if one has it. `by` is the field
        that the name is compared with: `id`, or `key`, for which ids are taken as well.
        """
        alike = [name] if name in NOT_NAMES else await self._alike(kind, by, name)
        if name in alike:
            return None
        near, word = nearest(name, alike), kind if kind in SAID_KINDS else "record"
        detail = warning_sentence(self.language, f"no_{word}", name, near)
        return FilterWarning(parameter=parameter, code=f"unknown_{word}", detail=detail, near=near)

    async def _alike(self, kind: str, by: str, name: str) -> Sequence[str]:
        """Return the name, if a record has it, or otherwise names that are like it."""
        if "\x00" in name:
            return ()
        if kind == "team":
            teams = (await self.ledger.directory.teams()).values()
            return [name] if any(name == team.text for team in teams) else [team.key for team in teams]
        if not is_id(name):
            return await self._alike_keys(kind, name) if by == "key" else ()
        return [name] if await self._has_record(kind, "id", UUID(name)) else ()

    async def _alike_keys(self, kind: str, key: str) -> Sequence[str]:
        """Return the key, if a record has it, or otherwise keys that are like it: these are many to compare,
        and most keys are right.
        """
        is_of_process = kind in OF_PROCESSES
        if not is_of_process and await self._has_record(kind, "key", key):
            return [key]
        process = self.process if is_of_process else None
        return await visible_keys(self.ledger, self.caller, NamedKey("", kind, key, process))

    async def _has_record(self, kind: str, column: str, value: str | UUID) -> bool:
        """Return whether a record has that value, as far as the caller may see it. People are named in
        records of which one does not see the people themselves.
        """
        lifecycle = self.ledger.lifecycles[kind]
        statement = WITH_VALUE.format(table=lifecycle.table, kind=kind, column=column)
        rows = await self.ledger.db.rows(statement, (value,))
        return any(
            kind == "person" or is_visible(self.ledger, lifecycle, self.caller, row["audience"])
            for row in rows
        )


def warns_of_names(parameters: Mapping[str, Parameter]) -> bool:
    """Return whether one of the parameters names records, so that answers may warn of unknown names."""
    return any(_checked_reference(parameter) is not None for parameter in parameters.values())


async def filter_warnings(
    parameters: Mapping[str, Parameter], query: BaseModel, renderer: Renderer
) -> list[dict[str, Any]]:
    """Return the warnings of names in the query that no record has."""
    lookup = NameLookup(renderer.ledger, renderer.caller, renderer.language, renderer.lifecycle.kind)
    warnings = [
        await lookup.warning_of(parameter, reference["kind"], reference["by"], name)
        for parameter in sorted(parameters.keys() & query.model_fields_set)
        if (reference := _checked_reference(parameters[parameter])) is not None
        for name in getattr(query, parameter) or ()
    ]
    return [warning.model_dump() for warning in warnings if warning is not None]


def _checked_reference(parameter: Parameter) -> Reference | None:
    """Return the description of the records that values of the parameter name; None if names are not checked:
    records may name processes that no definition has.
    """
    extras = [getattr(mark, "json_schema_extra", None) for mark in get_args(parameter.annotation)]
    references = [extra[REFERENCE] for extra in extras if isinstance(extra, dict) and REFERENCE in extra]
    return next((reference for reference in references if reference["by"] != "name"), None)
