"""Whoever loses a post is told, whichever way it goes and whoever gets it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from app.common.notices import NoticeType, Responsible
from app.common.people import Caller, Role
from app.foundation.people.groups import AddGroup, EditGroup
from app.foundation.people.records import TeamKind
from app.foundation.people.teams import EditTeam
from app.foundation.services.services import EditService, ProposeService
from app.kernel.actions.payloads import marks
from app.notifications.recipients import NO_POSTS, POSTS
from app.registry import LIFECYCLES
from app.service_levels.agreements.payloads import AppointSla, RecordRequirementSla
from tests.notifications.conftest import Office
from tests.people import act, add_caller, add_team

#: Fields whose holder never changes, by kind.
STAYS = {
    ("deputy", "deputy_id"): "it is revoked, and another one is made",
}


def test_every_field_that_puts_somebody_in_charge_is_a_post() -> None:
    in_charge = {
        (record.KIND, name)
        for lifecycle in LIFECYCLES
        for record in (lifecycle.record, *lifecycle.children)
        for name, mark in marks(record, Responsible).items()
        if mark.step is NoticeType.in_charge and name not in NO_POSTS
    }
    posts = {(kind, name) for kind, names in POSTS.items() for name in names}
    assert in_charge - posts - STAYS.keys() == set()


@pytest.mark.parametrize("kind", ["team", "group", "service"])
async def test_whoever_loses_a_post_to_somebody_else_is_told(office: Office, kind: str) -> None:
    admin = await add_caller(office.ledger, "Admin", Role.admin, Role.service_level_manager)
    first, second = str(office.engineer.person_id), str(office.agent.person_id)
    record, edited = {
        "team": ("mail", EditTeam.model_validate({"lead": second})),
        "group": ("board", EditGroup(chair=second)),
        "service": ("post", EditService.model_validate({"owner": second})),
    }[kind]
    if kind == "team":
        led = EditTeam.model_validate({"lead": first})
        await act(office.ledger, admin, kind, "edit", record, led, now=office.now)
    elif kind == "group":
        body = AddGroup(key=record, name="The board", chair=first)
        await act(office.ledger, admin, kind, "add", body=body, now=office.now)
    else:
        await _service(office, admin, record, first)
    office.now += timedelta(seconds=1)
    await act(office.ledger, admin, kind, "edit", record, edited, now=office.now)
    await office.deliver_all()
    assert "relieved" in await office.told_steps(office.engineer)
    assert "relieved" not in await office.told_steps(office.agent)


async def _service(office: Office, admin: Caller, key: str, owner: str) -> None:
    fields = {"key": key, "name_en": "Post", "name_zh": "邮政", "criticality": "low", "owner": owner}
    body = ProposeService.model_validate(fields)
    await act(office.ledger, admin, "service", "propose", body=body, now=office.now)


async def test_a_representative_who_is_replaced_is_told_without_seeing_the_agreement(office: Office) -> None:
    manager = await add_caller(office.ledger, "Manager", Role.service_level_manager)
    await add_team(office.ledger, "shop", TeamKind.customer)
    await _service(office, manager, "post", str(office.agent.person_id))
    fields: dict[str, Any] = {
        "services": ["post"],
        "title": "Mail for the shop",
        "customer": "shop",
        "needs": "Mail.",
        "business_process": "Orders",
        "representative": str(office.engineer.person_id),
    }
    body = RecordRequirementSla.model_validate(fields)
    done = await act(office.ledger, manager, "sla", "record_requirement", body=body, now=office.now)
    office.now += timedelta(seconds=1)
    other = AppointSla(representative=str(office.agent.person_id))
    await act(office.ledger, manager, "sla", "appoint", done.record.id, other, now=office.now)
    await office.deliver_all()
    assert await office.told_steps(office.engineer) == ["in_charge", "relieved"]
    assert (await office.told_steps(office.agent))[-1] == "in_charge"
    office.now += timedelta(seconds=1)
    again = AppointSla(representative=str(office.agent.person_id))
    await act(office.ledger, manager, "sla", "appoint", done.record.id, again, now=office.now)
    await office.deliver_all()
    assert "relieved" not in await office.told_steps(office.agent), "the same person again"
