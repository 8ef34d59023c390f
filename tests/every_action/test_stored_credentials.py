"""Whatever is stored beside the log and acts for an account later is no broader than the credential that
made it, lasts no longer, and ends with it. The tables are those of the database, so a new one is in the list.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import httpx
import pytest

from app.common.people import Caller, Role
from app.kernel.access.stored_credential import StoredCredential
from app.platform.db import Row
from tests.api.test_sessions import browser_of
from tests.cases import each_case
from tests.client import Client, add_key, add_whole_key
from tests.every_action.world import World

#: Schemas whose tables are not computed from the log.
BESIDE_THE_LOG = ["plumbing", "deliveries", "content"]
#: What an account or a secret is called in a table.
OF_ACCOUNT = re.compile(
    r"(.*_)?(person|owner|account|sender|actor|asked_by|made_by|login|credential|secret)(_.*)?"
)
COLUMNS = """
select c.table_schema || '.' || c.table_name as name, array_agg(c.column_name::text) as columns
from information_schema.columns c join information_schema.tables t using (table_schema, table_name)
where c.table_schema = any(%s) and t.table_type = 'BASE TABLE' group by 1
"""
#: Tables that name an account and do nothing with its rights, and why.
ACTS_FOR_NOBODY = {
    "content.upload": "a file, which only its sender can use, by a credential of their own",
    "content.survey_token": "an invitation to one answer",
    "deliveries.tool_account": "what an account is called in another tool",
    "deliveries.waiting": "a mail to the person's own address",
    "plumbing.assignment_turn": "whose turn it was",
    "plumbing.cleared_alert": "what a source of alerts has sent",
    "plumbing.put_aside": "what the person does not want to see for a while",
    "plumbing.quiet_alert": "what a source of alerts has sent",
    "plumbing.summary": "a mail to the person's own address; no replaced secret saves one",
    "plumbing.list_columns": "names of columns, for each reader themselves",
    "plumbing.view": "chosen filters: each reader finds what they may see themselves",
}
OURS = {"Sec-Fetch-Site": "same-origin"}
MINUTES = timedelta(minutes=10)


async def _session(client: Client) -> httpx.Response:
    return await client.post("/v1/sessions", headers=OURS)


async def _ticket(client: Client) -> httpx.Response:
    return await client.post("/v1/events/tickets", headers=OURS)


async def _job(client: Client) -> httpx.Response:
    return await client.post(
        "/v1/bulk_jobs", json={"upload": await _upload(client), "records": "incidents"}, headers=OURS
    )


async def _import(client: Client) -> httpx.Response:
    body = {"upload": await _upload(client), "source": "legacy", "format": "ndjson"}
    return await client.post("/v1/imports", json=body, headers=OURS)


async def _upload(client: Client) -> str:
    upload = str(uuid4())
    answer = await client.put(f"/v1/uploads/{upload}", content=b"{}\n", headers=OURS)
    assert answer.status_code == 200, answer.text
    return upload


#: What makes a row of each table that acts with the rights of its account.
MAKERS: dict[str, Callable[[Client], Awaitable[httpx.Response]]] = {
    "plumbing.session": _session,
    "plumbing.stream_ticket": _ticket,
    "plumbing.bulk_job": _job,
    "plumbing.import_run": _import,
}


async def _tables(world: World) -> dict[str, list[str]]:
    rows = await world.api.ledger.db.rows(COLUMNS, (BESIDE_THE_LOG,))
    return {row["name"]: row["columns"] for row in rows}


async def test_each_table_that_names_an_account_or_a_secret_is_covered(world: World) -> None:
    tables = await _tables(world)
    account_tables = {name for name, columns in tables.items() if any(map(OF_ACCOUNT.fullmatch, columns))}
    assert account_tables == MAKERS.keys() | ACTS_FOR_NOBODY.keys()
    acting_tables = {name for name, columns in tables.items() if {"key_secret_hash", "login"} <= set(columns)}
    assert acting_tables == MAKERS.keys(), (
        "what acts with somebody's rights is bound to their secret or login"
    )


@pytest.fixture(scope="module")
async def narrow_and_short(world: World) -> list[tuple[str, Client]]:
    """Keys of somebody who may do everything: narrowed to each role, and one that ends soon; and sessions."""
    ledger, person = world.api.ledger, UUID(world.everybody.id)
    tokens = {role.value: await add_key(ledger, person, role) for role in Role if role is not Role.auditor}
    tokens["short"] = await add_whole_key(ledger, person, ends=datetime.now(UTC) + MINUTES)
    clients = [(name, world.api.with_token(token, person)) for name, token in tokens.items()]
    return [
        *clients,
        *[(f"session of {name}", (await browser_of(world.api, client))[0]) for name, client in clients],
    ]


async def _made(world: World, client: Client, table: str) -> tuple[Row, Caller | None] | httpx.Response:
    """The new row and whom it acts for; or the answer that refuses it."""
    of_all = f"select * from {table}"
    before = {row["id"] for row in await world.api.ledger.db.rows(of_all)}
    answer = await MAKERS[table](client)
    if answer.status_code not in (201, 202):
        return answer
    (row,) = [row for row in await world.api.ledger.db.rows(of_all) if row["id"] not in before]
    if "finished_at" in row:  # else the account soon has as many as it may
        statement = f"update {table} set finished_at = now(), upload_id = null where id = %s returning id"
        await world.api.ledger.db.rows(statement, (row["id"],))
    return row, await _acts_for(world, row)


async def _acts_for(world: World, row: Row) -> Caller | None:
    person = row["asked_by"] if "asked_by" in row else row["person_id"]
    stored = StoredCredential(row["key_id"], row["key_secret_hash"], person, row["login"])
    return await stored.find_caller(world.api.ledger.directory, datetime.now(UTC))


@each_case("table", list(MAKERS))
async def test_what_is_stored_is_no_broader_and_lasts_no_longer_than_what_made_it(
    world: World, narrow_and_short: list[tuple[str, Client]], table: str
) -> None:
    count = 0
    for name, client in narrow_and_short:
        me = await client.read("/v1/me")
        outcome = await _made(world, client, table)
        if isinstance(outcome, httpx.Response):
            assert (outcome.status_code, outcome.json()["code"]) in (
                (403, "forbidden"),
                (403, "key_needed"),
            ), name
            continue
        row, caller = outcome
        assert caller is not None
        count += 1
        assert str(caller.key_id) == me["key_id"], name
        assert {held.role.value for held in caller.roles} <= {held["role"] for held in me["roles"]}, name
        ends = [end for end in (caller.ends_at, row.get("ends_at"), row.get("expires_at")) if end is not None]
        if name.endswith("short"):
            assert min(ends) <= datetime.now(UTC) + MINUTES, name
    assert count > 0


@each_case("table", list(MAKERS))
async def test_what_is_stored_ends_when_its_key_is_lost(world: World, table: str) -> None:
    person = UUID(world.everybody.id)
    for action, body in (("rotate", {"overlap_seconds": 0}), ("revoke", {})):
        token = await add_whole_key(world.api.ledger, person)
        outcome = await _made(world, world.api.with_token(token, person), table)
        assert not isinstance(outcome, httpx.Response), outcome.text
        row, caller = outcome
        assert caller is not None
        await world.everybody.post_ok(f"/v1/keys/{UUID(token.split('_')[1])}/{action}", body)
        assert await _acts_for(world, row) is None, action
