"""Clients of the API in this process: callers with keys of their own.

Every answer that they get is held against the contract.
"""

from __future__ import annotations

import base64
import contextlib
import math
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
from fastapi import FastAPI

from app.common.keys import hash_of, new_secret, token
from app.common.people import Grade, Person, Role, rule_caller
from app.common.personal import KEY_BYTES
from app.foundation.people.keys import MakeKey
from app.foundation.people.records import TeamKind
from app.kernel.access.vault import MASTER_KEY_FILE
from app.kernel.ledger import Ledger
from app.kpis.shared_overviews import SharedOverviews
from app.log import read
from app.main import application
from app.platform.settings import Settings
from tests.contract import answers, logged
from tests.direct import DirectClient
from tests.people import act, add_person, add_staffed_team, add_team, grant

ADDRESS = "http://ledgerdesk.test"

Json = dict[str, Any]


class Client(DirectClient):
    """Somebody who calls the API. `id` is the person's, `token` their key."""

    def __init__(self, app: FastAPI, person_id: UUID | None, sent: str | None, **more: Any) -> None:
        self.id = str(person_id)
        self.token = sent
        headers = {} if sent is None else {"Authorization": f"Bearer {sent}"}
        super().__init__(
            app,
            _as_the_contract_says,
            base_url=ADDRESS,
            headers={**headers, **more.pop("headers", {})},
            **more,
        )

    async def read(self, path: str, **parameters: Any) -> Json:
        """What a GET answers, which must be 200."""
        answer = await self.get(path, params=parameters)
        assert answer.status_code == 200, answer.text
        document: Json = answer.json()
        return document

    async def pages(self, path: str, **parameters: Any) -> list[list[Json]]:
        """The items of every page, from the first to the last."""
        pages: list[list[Json]] = []
        while True:
            page = await self.read(path, **parameters)
            pages.append(page["items"])
            if page["next_cursor"] is None:
                return pages
            parameters["cursor"] = page["next_cursor"]

    async def post_ok(self, path: str, body: Json | None = None, **headers: str) -> Json:
        """What a POST answers, which must be 200 or 201. Headers: `if_match="3"`."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = await self.post(path, json=body or {}, headers=named)
        assert answer.status_code in (200, 201), answer.text
        document: Json = answer.json()
        return document


async def _as_the_contract_says(response: httpx.Response) -> None:
    await response.aread()
    answers.check(response)
    logged.check_answer(response)


@dataclass
class Api:
    """An application on a database of its own, and those who call it."""

    app: FastAPI
    ledger: Ledger
    clients: list[Client] = field(default_factory=list)

    async def client(
        self, name: str, *roles: Role | str, teams: tuple[str, ...] = (), grade: Grade | None = None
    ) -> Client:
        """A new person, of that grade, with a key that holds these roles."""
        held = tuple(str(role) for role in roles)
        person = await add_person(self.ledger, name, *teams, roles=held, grade=grade)
        return await self.client_of(person, *roles)

    async def client_of(self, person: Person, *roles: Role | str, ends: datetime | None = None) -> Client:
        """A client with a new key of that person."""
        return self.with_token(await add_key(self.ledger, person.id, *roles, ends=ends), person.id)

    async def whole(self, client: Client) -> Client:
        """The same person with a new key for all that they hold, now and later."""
        return self.with_token(await add_whole_key(self.ledger, UUID(client.id)), UUID(client.id))

    def with_token(self, sent: str | None, person_id: UUID | None = None, **more: Any) -> Client:
        """A client that sends that key; None: none."""
        client = Client(self.app, person_id, sent, **more)
        self.clients.append(client)
        return client

    async def team(self, key: str, kind: TeamKind = TeamKind.internal) -> str:
        """A new team; gives its id."""
        return str((await add_team(self.ledger, key, kind)).id)

    async def staffed_team(self, key: str) -> str:
        """A new internal team with a member, to which work can be assigned; gives its id."""
        return str((await add_staffed_team(self.ledger, key)).id)

    async def head(self) -> int:
        """The position of the newest event: what was refused has not moved it."""
        return await read.head(self.ledger.db)


async def add_key(ledger: Ledger, person_id: UUID, *roles: Role | str, ends: datetime | None = None) -> str:
    """A new key of that person for these roles, which they hold from here on. No role: a requester."""
    await grant(ledger, person_id, *(str(role) for role in roles))
    secret = new_secret()
    body = MakeKey(
        name="A test's",
        person=str(person_id),
        roles=tuple(str(role) for role in roles) or (Role.requester.value,),
        secret_hash=hash_of(secret),
        expires_at=ends,
    )
    done = await act(ledger, rule_caller("tests"), "key", "make", body=body)
    return token(done.record.id, secret)


async def add_whole_key(ledger: Ledger, person_id: UUID, *, ends: datetime | None = None) -> str:
    """A new key of that person that names no roles."""
    secret = new_secret()
    body = MakeKey(name="A test's", person=str(person_id), secret_hash=hash_of(secret), expires_at=ends)
    done = await act(ledger, rule_caller("tests"), "key", "make", body=body)
    return token(done.record.id, secret)


def make_master_key(secrets_dir: Path) -> None:
    """Makes the key that a first start would make, but does not wait until it is on the disk."""
    secrets_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    key_file = secrets_dir / MASTER_KEY_FILE
    if not key_file.exists():
        key_file.touch(0o600)
        key_file.write_bytes(base64.b64encode(os.urandom(KEY_BYTES)))


@contextlib.asynccontextmanager
async def serving(url: str, secrets_dir: Path, settings: Settings) -> AsyncIterator[Api]:
    """The application on that database, started as a server starts it."""
    make_master_key(secrets_dir)
    app = application(url, secrets_dir, settings)
    # On a busy machine any overview may take long; a test looks at what it has just written.
    app.state.kpi_overviews = SharedOverviews(slow_seconds=math.inf)
    async with app.router.lifespan_context(app):
        api = Api(app, app.state.ledger)
        try:
            yield api
        finally:
            for client in api.clients:
                await client.aclose()


def an_incident(**changes: Any) -> Json:
    """What is said to report an incident."""
    return {
        "title": "Mail does not arrive",
        "description": "Since nine o'clock nothing has come in.",
        "channel": "portal",
        "impact": "2",
        "urgency": "2",
        "effect": "degraded",
        **changes,
    }


RESOLVED: Json = {"resolution_code": "fixed", "done": "Restarted the relay."}


def without_actions(record: Json) -> Json:
    """The record as lists show it, and whatever else it is part of: without what the caller may do."""
    return {**record, "actions": None}
