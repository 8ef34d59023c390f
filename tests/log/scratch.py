"""Tables for consumers that tests make, in a schema that goes again behind them."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from app.log import follow
from app.platform.db import connect

# What a consumer makes of the log here: which events it saw in which order, and how many of each stream.
# Rows are a consumer's own: two that write the same ones, from other positions on, would wait for each other.
TABLES = b"""
create schema scratch;
create table scratch.seen (place bigint generated always as identity, position bigint, took text);
create table scratch.counted (
  consumer text, stream text, events bigint, last bigint, primary key (consumer, stream)
);
grant usage on schema scratch to public;
grant all on all tables in schema scratch to public;
"""
# So the database is used by the next test. Where somebody still reads them, it is not.
AS_BEFORE = b"""
do $$ begin
  set local lock_timeout = '1s';
  drop schema scratch cascade;
exception when lock_not_available then null;
end $$"""


@pytest.fixture(autouse=True)
async def scratch(administrator_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """Tables for consumers, and short waits before something is tried again."""
    monkeypatch.setattr(follow, "RETRY_SECONDS", 0.01)
    monkeypatch.setattr(follow, "POLL_SECONDS", 0.02)
    connection = await connect(administrator_url)
    await connection.execute(TABLES)
    await connection.close()
    yield
    connection = await connect(administrator_url)
    await connection.execute(AS_BEFORE)
    await connection.close()
