"""The temporary tables that hold the cases of raw definitions, of many definitions in turn.

The CTEs that the definitions of a process begin with are computed once, from their plain text over the raw
events, with the same result as in each definition.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from psycopg import AsyncClientCursor

from app.kpis.declaration.kpi import Kpi
from app.kpis.raw import definitions
from app.kpis.raw.definitions import ACTIVE, DEFINITION, DELIVERED, OPENED
from app.platform.db import Connection

_CTE = re.compile(r"^(?:with )?(\w+) as \(\n(.*?)^\),?\n", re.MULTILINE | re.DOTALL)
_COMMENT = re.compile(r"^--.*$", re.MULTILINE)


#: The temporary tables of cases, of open cases and of work, which hold the rows of one definition.
CASES, OPEN_CASES, WORK = "raw_case", "raw_open_case", "raw_work"
#: The temporary tables of what complaints, requests to rate and suggestions are compared with.
REFERENCES: Mapping[Sequence[str], str] = {
    DELIVERED: "raw_delivered",
    OPENED: "raw_opened",
    ACTIVE: "raw_active",
}
TABLES = (CASES, OPEN_CASES, WORK, *REFERENCES.values())


async def make_tables(connection: Connection) -> None:
    """Create the tables of raw cases (TABLES) as temporary ones, dropped when the transaction ends."""
    columns = ", ".join(f"{name} {kind}" for name, kind in DEFINITION.items())
    for name in TABLES:
        await connection.execute(f"create temp table {name} ({columns}) on commit drop".encode())


@dataclass(slots=True)
class Definitions:
    """The raw definitions of these KPIs as of one log position; `parameters` are those of `raw.definition`.

    The common CTEs of each process are computed once and kept until the transaction ends.
    """

    connection: Connection
    kpis: Sequence[Kpi]
    parameters: dict[str, Any]
    _prepared: dict[str, str] = field(default_factory=dict)

    async def fill(self, table: str, kpi: Kpi, names: Sequence[str], **more: Any) -> None:
        """Fill the table with the cases of the named definitions of the KPI."""
        for process in map(definitions.process_of, names):
            await self.prepare(process)
        # The planner cannot estimate the row counts of a definition's CTEs. If it takes many rows for few, a
        # nested loop over them would never end.
        await self.connection.execute(f"truncate {table}; set local enable_nestloop = off".encode())
        columns, cases = (
            ", ".join(definitions.columns_of(kpi)),
            definitions.union_of(kpi, names, self._prepared),
        )
        await self.connection.execute(
            f"insert into {table} ({columns}) {cases}".encode(), self.parameters | more, prepare=False
        )
        await self.connection.execute(f"set local enable_nestloop = on; analyze {table}".encode())

    async def prepare(self, process: str) -> str:
        """Return the text that replaces the common CTEs at the beginning of the process's definitions."""
        if process not in self._prepared:
            self._prepared[process] = await self._materialise(process)
        return self._prepared[process]

    async def _materialise(self, process: str) -> str:
        """Make temporary tables of the common CTEs that are read more than once.

        Returns the text that replaces all common CTEs of the process.
        """
        names = {
            name
            for kpi in self.kpis
            for name in definitions.all_definition_names(kpi)
            if definitions.process_of(name) == process
        }
        files = [
            file
            for name in sorted(names)
            for file in (*definitions.beginnings(name), definitions.definition_file(name))
        ]
        parts = _split_ctes(definitions.common_ctes(process))
        materialised = _read_often(
            parts,
            definitions.read_files(definitions.CASES_ENDING, *dict.fromkeys(files)),
        )
        cursor = AsyncClientCursor(self.connection)  # CREATE TABLE AS takes no server-side parameters
        await cursor.execute("set local enable_nestloop = off")
        before: list[str] = []
        for name, written in parts.items():
            text = definitions.inline_references(written)
            if name not in materialised:
                before.append(f"{name} as (\n{text})")
                continue
            table = f"raw_{process}_{name}"
            begun = f"with {', '.join(before)}\n" if before else ""
            await cursor.execute(
                f"create temp table {table} on commit drop as {begun}{text}".encode(), self.parameters
            )
            await cursor.execute(f"select * from {table} limit 0".encode())
            columns = {column.name for column in cursor.description or ()}
            key = ", ".join(column for column in ("stream", "rank") if column in columns)
            index = f"create index on {table} ({key}); " if key else ""
            await cursor.execute(f"{index}analyze {table}".encode())
            before.append(f"{name} as not materialized (select * from {table})")
        await cursor.execute("set local enable_nestloop = on")
        return f"with {', '.join(before)},\n"


def _read_often(parts: Mapping[str, str], endings: str) -> set[str]:
    """Return the names of the needed CTEs that the endings read, or that more than one other CTE reads."""
    needed = _referenced(parts, endings)
    readers = Counter(needed) + Counter(needed)
    for name in reversed(list(parts)):
        if name in needed:
            readers.update(references := _referenced(parts, parts[name]))
            needed |= references
    return {name for name in needed if readers[name] > 1}


def _referenced(parts: Iterable[str], text: str) -> set[str]:
    """Return the names of the CTEs that occur in the text."""
    return {name for name in parts if re.search(rf"\b{name}\b", text)}


def _split_ctes(text: str) -> dict[str, str]:
    """Return the CTEs of a common beginning by name, in order."""
    assert not _COMMENT.sub("", _CTE.sub("", text)).strip(), "a part begins and ends at the margin"
    return dict(_CTE.findall(text))
