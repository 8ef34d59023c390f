"""Bounds of accounts hold if twenty requests come at the same instant, for each kind of what is bounded."""

from __future__ import annotations

import asyncio
from types import ModuleType
from uuid import UUID, uuid4

import httpx
import pytest

from app.api.authentication import sessions
from app.api.listings import views
from app.attention import asides
from app.common.people import Role
from app.exchange.jobs import worker
from app.foundation.people.credentials import bounds
from app.summaries import queries as summaries
from tests.cases import each_case
from tests.client import Api, Client, add_whole_key
from tests.people import ago

AT_ONCE, MOST = 20, 3
AHEAD = {"from_at": ago(days=-1).isoformat(), "until_at": ago(days=-2).isoformat()}
RECORDS = {
    "subscriptions": ("SUBSCRIPTIONS", {"title": "A test", "url": "https://x.example.org/h"}),
    "deputies": ("DEPUTIES", AHEAD),
    "absences": ("ABSENCES", AHEAD),
    "absence_calendars": ("ABSENCE_CALENDARS", {"url": "https://x.example.org/a.ics"}),
    "keys": ("KEYS", {"name": "x", "person": "me", "scope": "calendar"}),
}
#: Rows beside the log: the module that has their bound, its name, and the statement that counts an account's.
ROWS: dict[str, tuple[ModuleType, str, str]] = {
    "views": (views, "MOST_VIEWS", "select count(*) from plumbing.view where owner_id = %s"),
    "summaries": (summaries, "MOST_SUMMARIES", "select count(*) from plumbing.summary where person_id = %s"),
    "asides": (asides, "MOST_ASIDE", "select count(*) from plumbing.put_aside where person_id = %s"),
    "bulk_jobs": (worker, "MOST_WAITING", "select count(*) from plumbing.bulk_job where asked_by = %s"),
    "sessions": (sessions, "OPEN", "select count(*) from plumbing.session where key_id = %s"),
}
#: Usual bounds, by the names of their constants.
USUAL = {name: getattr(bounds, name).most for name, _ in RECORDS.values()}


@each_case("kind", sorted(RECORDS))
async def test_records_stay_within_their_bound(api: Api, kind: str) -> None:
    name, body = RECORDS[kind]
    person = await api.client(kind, Role.agent)
    client = api.with_token(await add_whole_key(api.ledger, UUID(person.id)), UUID(person.id))
    if kind == "deputies":
        body = {**body, "deputy": (await api.client("Mei", Role.agent)).id}
    before = len((await client.read(f"/v1/{kind}"))["items"])
    bound = getattr(bounds, name)
    object.__setattr__(bound, "most", MOST + before)
    try:
        answers = await asyncio.gather(*(client.post(f"/v1/{kind}", json=body) for _ in range(AT_ONCE)))
    finally:
        object.__setattr__(bound, "most", USUAL[name])
    codes = sorted(answer.status_code for answer in answers)
    assert codes == [201] * MOST + [409] * (AT_ONCE - MOST), [answer.text for answer in answers]
    assert len((await client.read(f"/v1/{kind}"))["items"]) == before + MOST


async def _row(client: Client, kind: str) -> httpx.Response:
    """One more of the kind."""
    if kind == "views":
        body = {"name": str(uuid4()), "kind": "incident", "query": "state=new"}
        return await client.put(f"/v1/views/{uuid4()}", json=body)
    if kind == "summaries":
        return await client.put(f"/v1/me/summaries/{uuid4()}", json={"cadence": "day"})
    if kind == "asides":
        until = {"until_at": ago(days=-2).isoformat()}
        return await client.put(f"/v1/attention/asides/overdue:{uuid4()}", json=until)
    if kind == "bulk_jobs":
        upload = await client.put(f"/v1/uploads/{uuid4()}", content=b"{}")
        return await client.post(
            "/v1/bulk_jobs", json={"upload": upload.json()["id"], "records": "incidents"}
        )
    return await client.post("/v1/sessions")


@each_case("kind", sorted(ROWS))
async def test_rows_beside_the_log_stay_within_their_bound(
    api: Api, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    module, name, count = ROWS[kind]
    bound = getattr(module, name)
    usual = str(sessions.MOST_SESSIONS)
    monkeypatch.setattr(module, name, MOST if isinstance(bound, int) else bound.replace(usual, str(MOST), 1))
    client = await api.client(kind, Role.agent)
    answers = await asyncio.gather(*(_row(client, kind) for _ in range(AT_ONCE)))
    successes = [answer for answer in answers if answer.status_code < 300]
    assert len(successes) == (AT_ONCE if kind == "sessions" else MOST), [answer.text for answer in answers]
    account = (await client.read("/v1/me"))["key_id"] if kind == "sessions" else client.id
    assert await api.ledger.db.value(count, (account,)) == MOST
