"""A key that somebody else made does nothing that its person must do themselves, and the person is told."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from app.common.notices import NoticeType
from app.common.people import Caller, Role, RoleGrant
from app.log.ids import uuid7
from app.registry import LIFECYCLES
from tests.client import Api, Client, Json, add_whole_key, an_incident
from tests.processes.improvement_suggestions.samples import tell

PREFERENCES: Json = {"told_of": [step.value for step in NoticeType], "told_by_mail": []}
REFUSED = (403, "key_of_another")


async def _in_person(client: Client) -> tuple[int, str | None]:
    """The status and code of something that the person must do themselves."""
    answer = await client.post(f"/v1/persons/{client.id}/set_preferences", json=PREFERENCES)
    return answer.status_code, answer.json().get("code")


async def _made_by(admin: Client, person: str) -> tuple[str, str]:
    """The id and the token of a key that the administrator makes for the person."""
    key = await admin.post_ok("/v1/keys", {"name": "Another", "person": person})
    return key["id"], key["token"]


def test_no_action_in_person_is_open_to_a_key_that_somebody_else_has_made() -> None:
    person = uuid7()
    roles = tuple(RoleGrant(role) for role in Role if role is not Role.auditor)
    own = Caller(f"person:{person}", person, roles)
    theirs = replace(own, is_from_another=True)
    for lifecycle in LIFECYCLES:
        for row in lifecycle.rows:
            record = lifecycle.record(id=person)
            by_own = row.policy.allows(own, record)
            expected = by_own and not row.policy.bars_assistants
            assert row.policy.allows(theirs, record) is expected, (lifecycle.kind, row.name)


async def test_a_key_made_by_somebody_else_acts_in_person_only_once_its_person_has_rotated_it(
    api: Api,
) -> None:
    admin = await api.client("Ada", Role.admin)
    agent = await api.whole(await api.client("Zhao", Role.agent))
    key, sent = await _made_by(admin, agent.id)
    theirs = api.with_token(sent, UUID(agent.id))
    await theirs.post_ok("/v1/incidents", an_incident())
    assert await _in_person(theirs) == REFUSED
    rotation = await theirs.post(f"/v1/keys/{key}/rotate")
    assert (rotation.status_code, rotation.json()["code"]) == REFUSED, "it does not make itself another"
    rotated = await agent.post_ok(f"/v1/keys/{key}/rotate")
    assert await _in_person(api.with_token(rotated["token"], UUID(agent.id))) == (200, None)
    again = await admin.post_ok(f"/v1/keys/{key}/rotate")
    assert await _in_person(api.with_token(again["token"], UUID(agent.id))) == REFUSED
    await tell(api)
    notices = (await agent.read("/v1/notices"))["items"]
    steps = [each["step"] for notice in notices for each in notice["told"]]
    assert steps.count("key_made") == 1, "keys by the command line are told to nobody"
    assert "Ada" in str(notices)


async def test_keys_of_the_command_line_and_of_an_invitation_are_the_persons_own(api: Api) -> None:
    admin = await api.client("Ada", Role.admin)
    person = (await admin.post_ok("/v1/persons", {"name": "Ana", "email": "ana@example.org"}))["id"]
    _, invitation = await _made_by(admin, person)
    assert await _in_person(api.with_token(invitation, UUID(person))) == (200, None)
    _, second = await _made_by(admin, person)
    assert await _in_person(api.with_token(second, UUID(person))) == REFUSED
    by_command_line = await add_whole_key(api.ledger, UUID(person))
    assert await _in_person(api.with_token(by_command_line, UUID(person))) == (200, None)
