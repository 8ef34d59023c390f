"""Everything that is stored: each value of each table, the log's and all others, the contents of deliveries
and of refused rows as this program can read them, and files.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from itertools import compress
from pathlib import Path
from typing import Any, NamedTuple

from psycopg import sql

from app.db import Connection, connect
from app.kernel.ledger import Ledger
from app.log.follow import FOLLOW_LIMITS
from tests.canaries.marks import MARK, PATTERN

COLUMNS = """
select n.nspname as schema, c.relname as name, array_agg(a.attname::text order by a.attnum) as names,
  array_agg(a.atttypid = 'bytea'::regtype order by a.attnum) as raw
from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid
where c.relkind in ('r', 'p', 'm') and not c.relispartition and a.attnum > 0 and not a.attisdropped
  and n.nspname not like 'pg\\_%' and n.nspname <> 'information_schema'
group by 1, 2 order by 1, 2
"""
#: What the program itself can read without anybody's key.
SEALED = {
    "plumbing.webhook_delivery": "open_delivery",
    "plumbing.refused_row": "open_refused",
}


class Found(NamedTuple):
    """A marked word where it is stored: the table and column, and the member if that holds JSON."""

    word: str
    column: str
    member: str


async def everything(ledger: Ledger, folder: Path) -> set[Found]:
    """The marked words that are stored anywhere."""
    connection = await connect(ledger.db.url, FOLLOW_LIMITS)
    try:
        found = {one async for one in _in_tables(connection)}
        found |= {one async for one in _in_sealed(connection, ledger)}
    finally:
        await connection.close()
    return found | set(_in_files(folder))


async def _in_tables(connection: Connection) -> AsyncIterator[Found]:
    for schema, name, columns, raw in await (await connection.execute(COLUMNS.encode())).fetchall():
        texts = [_readable(column, is_raw=is_raw) for column, is_raw in zip(columns, raw, strict=True)]
        # A function takes a hundred arguments, and some tables have more columns.
        searched = [sql.SQL("t::text"), *compress(texts, raw)]
        query = sql.SQL("select {} from {} as t where {}").format(
            sql.SQL(", ").join(texts),
            sql.Identifier(schema, name),
            sql.SQL(" or ").join(sql.SQL("{} ~ {}").format(text, PATTERN) for text in searched),
        )
        for row in await (await connection.execute(query)).fetchall():
            for column, text in zip(columns, row, strict=True):
                for one in _in_text(f"{schema}.{name}.{column}", text or ""):
                    yield one


def _readable(column: str, *, is_raw: bool) -> sql.Composable:
    """The column as text; of bytes whatever is text in them."""
    return sql.SQL("encode({}, 'escape')" if is_raw else "{}::text").format(sql.Identifier("t", column))


async def _in_sealed(connection: Connection, ledger: Ledger) -> AsyncIterator[Found]:
    for table, opening in SEALED.items():
        schema, _, name = table.partition(".")
        query = sql.SQL("select sealed from {} where sealed is not null").format(sql.Identifier(schema, name))
        for (sealed,) in await (await connection.execute(query)).fetchall():
            opened = getattr(ledger.vault, opening)(bytes(sealed))
            for word in MARK.findall(opened.decode("utf-8", "replace")):
                yield Found(word, f"{table}.sealed", "")


def _in_files(folder: Path) -> Iterator[Found]:
    for path in folder.rglob("*"):
        if path.is_file():
            for word in MARK.findall(path.read_bytes().decode("utf-8", "replace")):
                yield Found(word, path.name, "")


def _in_text(column: str, text: str) -> Iterator[Found]:
    if not MARK.search(text):
        return
    try:
        # What is shown of bytes has its backslashes twice.
        value = json.loads(text.replace("\\\\", "\\"))
    except ValueError:
        value = text
    yield from (Found(word, column, member) for member, word in _members(value, ""))


def _members(value: Any, member: str) -> Iterator[tuple[str, str]]:
    """Each marked word with the name of the member that holds it, or the nearest around it."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from ((member, word) for word in MARK.findall(name))
            yield from _members(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from _members(inner, member)
    elif isinstance(value, str):
        yield from ((member, word) for word in MARK.findall(value))
