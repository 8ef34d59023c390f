"""Persons are notified when somebody else rotates or revokes their key, not when they do it themselves."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from app.common.keys import hash_of, new_secret
from app.common.people import Caller, Role, rule_caller
from app.foundation.decisions.deputies.lifecycle import NameDeputy
from app.foundation.people.keys import MakeKey, RotateKey
from app.kernel.actions.payloads import EmptyPayload, Payload
from tests.notifications.conftest import Office
from tests.notifications.test_told_fields import mailed, shown
from tests.people import act, add_caller

OURS = {"en": ("Someone else", "Operator"), "zh": ("他人", "Operator")}


async def a_key(office: Office, person: Caller) -> tuple[UUID, str]:
    """The id of a key of that person, and the hash of its secret."""
    hashed = hash_of(new_secret())
    body = MakeKey(name="Laptop", person=str(person.person_id), secret_hash=hashed)
    return (await act(office.ledger, rule_caller("tests"), "key", "make", body=body)).record.id, hashed


def rotation(overlap_seconds: int = 0) -> tuple[str, RotateKey]:
    return "rotate", RotateKey(secret_hash=hash_of(new_secret()), overlap_seconds=overlap_seconds)


@pytest.mark.parametrize(
    ("action", "body", "detail"),
    [
        (*rotation(), "Old secret accepted for: 0 s"),
        (*rotation(3_600), "Old secret accepted for: 1 h"),
        ("revoke", EmptyPayload(), "State: Revoked"),
    ],
    ids=["lost", "renewed", "revoked"],
)
async def test_whose_key_somebody_else_changes_is_told_by_whom_and_nothing_secret(
    office: Office, action: str, body: Payload, detail: str
) -> None:
    operator = await add_caller(office.ledger, "Operator", Role.admin)
    key_id, hashed = await a_key(office, office.engineer)
    await act(office.ledger, operator, "key", action, key_id, body, now=office.now)
    await office.deliver_all()
    assert await office.told_steps(office.engineer) == ["key_changed"]
    assert await office.told_steps(operator) == []
    secrets = {hashed, getattr(body, "secret_hash", hashed)}
    mail = await mailed(office, office.engineer)
    assert detail in mail
    for language, expected in OURS.items():
        text = await shown(office, office.engineer, language)
        assert all(word in text for word in (*expected, str(key_id))), text
        assert not any(secret in text for secret in secrets)
    (notice,) = await office.notices(office.engineer)
    assert not any(secret in f"{notice} {mail}" for secret in secrets)


async def test_who_changes_their_own_key_is_not_told(office: Office) -> None:
    key_id, _ = await a_key(office, office.engineer)
    for action, body in (rotation(), ("revoke", EmptyPayload())):
        await act(office.ledger, office.engineer, "key", action, key_id, body, now=office.now)
    await office.deliver_all()
    assert await office.told_steps(office.engineer) == []


async def test_whose_deputy_stands_still_since_then_is_told_once(office: Office) -> None:
    """What a lost key has made is suspended by a rule, in the name of whoever rotates the key."""
    operator = await add_caller(office.ledger, "Operator", Role.admin)
    key_id, hashed = await a_key(office, office.engineer)
    engineer = replace(office.engineer, key_id=key_id, secret_hash=hashed)
    ahead = {"from_at": office.now, "until_at": office.now + timedelta(days=9)}
    named = NameDeputy.model_validate({"deputy": str(office.agent.person_id), **ahead})
    deputy = await act(office.ledger, engineer, "deputy", "name", body=named, now=office.now)
    action, body = rotation()
    await act(office.ledger, operator, "key", action, key_id, body, now=office.now)
    row = await office.ledger.db.row("select * from fold.deputy where id = %s", (deputy.record.id,))
    assert row is not None
    assert row["suspended_by_rotation"] is True
    await office.deliver_all()
    assert await office.told_steps(office.engineer) == ["key_changed"]
