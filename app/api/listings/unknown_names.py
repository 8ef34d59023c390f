"""Warnings of a list's answer: names in filters that no record has. The list is empty because of them, and
would read as "there is no work". They are not refused, as clients may rely on the empty list.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
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
#: The filters whose texts name something, although they refer to no kind of records.
NAMING_FILTERS = frozenset({"key", "kpi", "process", "tag"})
#: Definitions give processes their names.
DEFINITION = "process_definition"
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
        "`unknown_team`, `unknown_person`, `unknown_process`, `unknown_kpi`, `unknown_tag`, `unknown_record` "
        "or, in filters of KPIs, `unknown_value`.",
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


@dataclass(frozen=True, slots=True)
class ListNames:
    """The names in a list's filters that are not references. `known_names` are those that code defines, by
    parameter; `has_records` returns whether the caller sees a record of the list with that value of the
    parameter.
    """

    known_names: Mapping[str, Collection[str]]
    has_records: Callable[[str, str], Awaitable[bool]]

    async def warning_of(self, renderer: Renderer, parameter: str, name: str) -> FilterWarning | None:
        """Return the warning of a name that nothing has; None if something has it."""
        word = parameter.removesuffix("_not")
        alike: Collection[str] = self.known_names.get(word, ())
        if word == "key" and "\x00" not in name:
            named = NamedKey("", renderer.lifecycle.kind, name, None)
            alike = await visible_keys(renderer.ledger, renderer.caller, named)
        elif word == "process":
            alike = renderer.ledger.lifecycles.keys()
        if name in NOT_NAMES or name in alike or await self._is_in_use(renderer, word, name):
            return None
        near, kind = nearest(name, list(alike)), "record" if word == "key" else word
        detail = warning_sentence(renderer.language, f"no_{kind}", name, near)
        return FilterWarning(parameter=parameter, code=f"unknown_{kind}", detail=detail, near=near)

    async def _is_in_use(self, renderer: Renderer, word: str, name: str) -> bool:
        """Return whether a record of the list has the name, or a definition gives it to a process."""
        if word == "key":
            return False
        if word == "process" and await _is_defined(renderer, name):
            return True
        return await self.has_records(word, name)


async def _is_defined(renderer: Renderer, process: str) -> bool:
    """Return whether a definition gives that name to a process."""
    query = renderer.ledger.lifecycles[DEFINITION].lookup.defined_spellings
    if query is None or "\x00" in process:
        return False
    return bool(await renderer.ledger.db.rows(query, {"names": [process.lower()]}))


def warns_of_names(parameters: Mapping[str, Parameter]) -> bool:
    """Return whether one of the parameters has names that may be unknown, so that answers may warn of
    them.
    """
    return any(
        _checked_reference(parameter) is not None or _is_naming(parameter)
        for parameter in parameters.values()
    )


async def filter_warnings(
    parameters: Mapping[str, Parameter], query: BaseModel, renderer: Renderer, names: ListNames
) -> list[dict[str, Any]]:
    """Return the warnings of names in the query that do not exist."""
    lookup = NameLookup(renderer.ledger, renderer.caller, renderer.language, renderer.lifecycle.kind)
    warnings = []
    for parameter in sorted(parameters.keys() & query.model_fields_set):
        reference = _checked_reference(parameters[parameter])
        if reference is None and not _is_naming(parameters[parameter]):
            continue
        for name in getattr(query, parameter) or ():
            if reference is not None:
                warnings.append(await lookup.warning_of(parameter, reference["kind"], reference["by"], name))
            else:
                warnings.append(await names.warning_of(renderer, parameter, name))
    return [warning.model_dump() for warning in warnings if warning is not None]


def _checked_reference(parameter: Parameter) -> Reference | None:
    """Return the description of the records that values of the parameter name, by key or id; None for other
    values, such as names of processes, which records may have although no definition does.
    """
    extras = [getattr(mark, "json_schema_extra", None) for mark in get_args(parameter.annotation)]
    references = [extra[REFERENCE] for extra in extras if isinstance(extra, dict) and REFERENCE in extra]
    return next((reference for reference in references if reference["by"] != "name"), None)


def _is_naming(parameter: Parameter) -> bool:
    """Return whether values of the parameter are names that are not references, and no codes."""
    if parameter.name.removesuffix("_not") not in NAMING_FILTERS:
        return False
    values = next(hint for hint in get_args(get_args(parameter.annotation)[0]) if hint is not type(None))
    (entry,) = get_args(get_args(values)[0])
    return get_args(entry)[:1] == (str,)
