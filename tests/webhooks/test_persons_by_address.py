"""Whoever is told by an e-mail address is the person who has it, also where they are deactivated."""

from __future__ import annotations

import pytest

from app.common.people import Role
from tests.client import Api, Json
from tests.people import add_person
from tests.webhooks.test_mail import a_mail, a_mailbox, deliver, follow_addresses
from tests.webhooks.tools import a_source

PERSONS = "select count(*) from fold.person where kind = 'human'"


def a_ticket(requester: object) -> Json:
    fields = {"id": "T-1", "title": "No mail", "status": "open", "updated_at": "2026-03-02T08:00:00Z"}
    return fields | {"requester": requester, "created_at": "2026-03-02T08:00:00Z"}


@pytest.mark.parametrize(
    "requester",
    ["Lin@Example.org", {"name": "lin@example.org"}, {"id": "lin@example.org", "name": "Li Na"}],
    ids=str,
)
async def test_a_name_that_is_an_address_finds_its_person(api: Api, requester: object) -> None:
    admin = await api.client("Ada", Role.admin, Role.agent)
    lin = await add_person(api.ledger, "Lin")
    await follow_addresses(api)
    tool = await a_source(api, admin, "generic")
    before = await api.ledger.db.value(PERSONS)
    done = await tool.deliver(a_ticket(requester))
    assert done["state"] == "processed", done
    (ticket,) = await tool.tickets()
    assert ticket["requester"]["id"] == str(lin.id)
    assert await api.ledger.db.value(PERSONS) == before


async def test_whoever_is_new_by_an_address_is_found_by_it_afterwards(api: Api) -> None:
    admin = await api.client("Ada", Role.admin, Role.agent)
    tool = await a_source(api, admin, "generic")
    await tool.deliver(a_ticket("lin@example.org"))
    await follow_addresses(api)
    other = await a_source(api, admin, "generic", key="other")
    await other.deliver(a_ticket({"name": "Li Na", "email": "lin@example.org"}))
    first, second = await tool.tickets()
    assert first["requester"]["id"] == second["requester"]["id"]


async def test_a_tool_names_somebody_deactivated_and_makes_nobody_else(api: Api) -> None:
    admin = await api.client("Ada", Role.admin, Role.agent)
    lin = await add_person(api.ledger, "Lin")
    await admin.post_ok(f"/v1/persons/{lin.id}/deactivate")
    await follow_addresses(api)
    tool = await a_source(api, admin, "generic")
    await tool.deliver(a_ticket("lin@example.org"))
    (ticket,) = await tool.tickets()
    assert ticket["requester"]["id"] == str(lin.id)
    assert (await admin.read(f"/v1/persons/{lin.id}"))["state"] == "inactive"


async def test_a_mail_of_somebody_deactivated_is_refused_in_words_and_makes_nobody(api: Api) -> None:
    mailbox = await a_mailbox(api)
    lin = await add_person(api.ledger, "Lin")
    await mailbox.admin.post_ok(f"/v1/persons/{lin.id}/deactivate")
    await follow_addresses(api)
    before = await api.ledger.db.value(PERSONS)
    done = await deliver(mailbox, a_mail())
    assert (done["state"], done["code"]) == ("failed", "deactivated_sender")
    assert "is not active" in done["reason"]
    assert (await mailbox.tickets(), await api.ledger.db.value(PERSONS)) == ([], before)
