"""Everything that is stored: each value of each table, the log's and all others, the contents of deliveries
and of refused rows as this program can read them, and files.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Iterator
from itertools import compress
from pathlib import Path
from typing import Any, NamedTuple

from psycopg import sql

from app.kernel.ledger import Ledger
from app.log.events import kind_of
from app.log.follow import FOLLOW_LIMITS
from app.platform.db import Connection, connect
from app.relay.brokers import LARGEST_BYTES
from app.relay.messages import MessageWriter
from app.relay.relaying import next_events
from tests.canaries.marks import MARK, PATTERN

COLUMNS = """
select n.nspname as schema, c.relname as name, array_agg(a.attname::text order by a.attnum) as names,
  array_agg(a.atttypid = 'bytea'::regtype order by a.attnum) as raw
from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid
where c.relkind in ('r', 'p', 'm') and not c.relispartition and a.attnum > 0 and not a.attisdropped
  and n.nspname not like 'pg\\_%' and n.nspname <> 'information_schema'
group by 1, 2 order by 1, 2
"""
#: How PostgreSQL shows a byte that is no character of ASCII.
_OCTAL = re.compile(r"(?<!\\)\\[0-7]{3}")
#: What the program itself can read without anybody's key.
ENCRYPTED = {
    "plumbing.webhook_delivery": "decrypt_delivery",
    "plumbing.refused_row": "decrypt_refused",
}


class Found(NamedTuple):
    """A marked word, and where it is stored: `fold.incident.title` for a column and for what an event sets of
    that field; `log.incident.title` for what an event says besides; the name of a file.
    """

    word: str
    place: str


async def everything(ledger: Ledger, folder: Path) -> set[Found]:
    """The marked words that are stored anywhere."""
    connection = await connect(ledger.db.url, FOLLOW_LIMITS)
    try:
        words = {word async for word in _in_tables(connection)}
        words |= {word async for word in _in_encrypted(connection, ledger)}
    finally:
        await connection.close()
    return words | set(_in_files(folder))


async def everything_relayed(ledger: Ledger) -> set[Found]:
    """The marked words in what a relay publishes of the whole log, while all keys are there."""
    writer, words, position = MessageWriter(None, ledger.lifecycles), set[Found](), 0
    connection = await connect(ledger.db.url, FOLLOW_LIMITS)
    try:
        while events := await next_events(connection, position):
            for event in events:
                message = json.loads(writer.message(event, LARGEST_BYTES).text)
                parts = {name: message["data"].pop(name) for name in event.data}
                words |= set(_in_event(event.stream, json.dumps(parts)))
                words |= set(_words("log.envelope", message))
            position = events[-1].position
    finally:
        await connection.close()
    return words


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
            values = dict(zip(columns, row, strict=True))
            if (schema, name) == ("log", "event"):
                for found_word in _in_event(values["stream"], values.pop("data")):
                    yield found_word
            for column, text in values.items():
                for word in MARK.findall(text or ""):
                    yield Found(word, f"{schema}.{name}.{column}")


def _in_event(stream: str, data: str) -> Iterator[Found]:
    # Bytes are shown with their backslashes twice, and JSON has nothing but ASCII or what is shown in octal.
    event = json.loads(_OCTAL.sub("?", data.replace("\\\\", "\\")))
    for key, fields in event.pop("set").items():
        for field, value in (fields or {}).items():
            yield from _words(f"fold.{kind_of(key)}.{field}", value)
    for field, value in {**event.pop("given"), **event}.items():
        yield from _words(f"log.{kind_of(stream)}.{field}", value)


def _words(place: str, value: Any) -> Iterator[Found]:
    yield from (Found(word, place) for word in MARK.findall(json.dumps(value)))


def _readable(column: str, *, is_raw: bool) -> sql.Composable:
    """The column as text; of bytes whatever is text in them."""
    return sql.SQL("encode({}, 'escape')" if is_raw else "{}::text").format(sql.Identifier("t", column))


async def _in_encrypted(connection: Connection, ledger: Ledger) -> AsyncIterator[Found]:
    for table, opening in ENCRYPTED.items():
        schema, _, name = table.partition(".")
        query = sql.SQL("select sealed from {} where sealed is not null").format(sql.Identifier(schema, name))
        for (encrypted,) in await (await connection.execute(query)).fetchall():
            opened = getattr(ledger.vault, opening)(bytes(encrypted))
            for word in MARK.findall(opened.decode("utf-8", "replace")):
                yield Found(word, f"{table}.sealed")


def _in_files(folder: Path) -> Iterator[Found]:
    for path in folder.rglob("*"):
        if path.is_file():
            for word in MARK.findall(path.read_bytes().decode("utf-8", "replace")):
                yield Found(word, path.name)
