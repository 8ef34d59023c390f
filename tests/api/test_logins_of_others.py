"""A login that somebody else has changed does nothing that its person must do themselves for a month, and
the person is notified.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from app.common.people import rule_caller
from app.foundation.people.persons import EditPerson
from app.kernel.access.directory import LOGIN_SETTLES
from app.platform.settings import Settings
from tests.api.issuers import LocalIssuer, issuing
from tests.api.test_keys_of_others import PREFERENCES, REFUSED
from tests.api.test_tokens import known, trusting
from tests.client import Api, Client, add_whole_key, serving
from tests.conftest import DatabaseUrls
from tests.people import act
from tests.processes.improvement_suggestions.samples import tell


@pytest.fixture
async def issuer() -> AsyncIterator[LocalIssuer]:
    async with issuing(LocalIssuer()) as issuer:
        yield issuer


@pytest.fixture
async def desk(
    place: DatabaseUrls, tmp_path: Path, settings: Settings, issuer: LocalIssuer
) -> AsyncIterator[Api]:
    async with serving(place.url, tmp_path / "secrets", trusting(settings, issuer)) as opened:
        yield opened


async def in_person(client: Client, person: str) -> tuple[int, str | None]:
    """The status and code of something that the person must do themselves."""
    answer = await client.post(f"/v1/persons/{person}/set_preferences", json=PREFERENCES)
    return answer.status_code, answer.json().get("code")


async def set_login(admin: Client, person: str, login: str) -> None:
    path = f"/v1/persons/{person}"
    etag = (await admin.get(path)).headers["ETag"]
    answer = await admin.patch(path, json={"login": login}, headers={"If-Match": etag})
    assert answer.status_code == 200, answer.text


async def test_a_login_that_somebody_else_changed_acts_in_person_only_after_a_month(
    desk: Api, issuer: LocalIssuer
) -> None:
    admin = await known(desk)
    person = admin.headers.pop("X-Person")
    assert await in_person(desk.with_token(issuer.token()), person) == (200, None), "it came with the account"
    await set_login(admin, person, "gao")
    changed = desk.with_token(issuer.token(sub="gao"))
    await changed.read("/v1/me")
    assert await in_person(changed, person) == REFUSED
    assert (await changed.post("/v1/keys", json={"name": "Mine", "person": person})).status_code == 403
    key = desk.with_token(await add_whole_key(desk.ledger, UUID(person)), UUID(person))
    assert await in_person(key, person) == (200, None), "a key of one's own still does"
    await tell(desk)
    notices = (await key.read("/v1/notices"))["items"]
    assert [each["step"] for notice in notices for each in notice["told"]] == ["login_changed"]
    fingerprint = desk.ledger.external_id_fingerprint("(login)", "gao")
    cached = await desk.ledger.directory.person_by_login(fingerprint)
    assert cached is not None
    now = datetime.now(UTC)
    assert cached.caller_at(now).is_from_another
    assert not cached.caller_at(now + LOGIN_SETTLES + timedelta(minutes=1)).is_from_another


async def test_the_first_login_and_one_by_the_command_line_are_the_persons_own(
    desk: Api, issuer: LocalIssuer
) -> None:
    admin = await known(desk, "admins")
    person = (await admin.post_ok("/v1/persons", {"name": "Ana"}))["id"]
    await set_login(admin, person, "ana")
    assert await in_person(desk.with_token(issuer.token(sub="ana")), person) == (200, None)
    await act(
        desk.ledger,
        rule_caller("command-line"),
        "person",
        "edit",
        person,
        EditPerson.model_validate({"login": "ana.lima"}),
    )
    assert await in_person(desk.with_token(issuer.token(sub="ana.lima")), person) == (200, None)


async def test_a_first_login_next_to_a_key_is_not_the_persons_own(desk: Api, issuer: LocalIssuer) -> None:
    admin = await known(desk, "admins")
    person = (await admin.post_ok("/v1/persons", {"name": "Ana"}))["id"]
    await add_whole_key(desk.ledger, UUID(person))
    await set_login(admin, person, "ana")
    assert await in_person(desk.with_token(issuer.token(sub="ana")), person) == REFUSED
