"""Whoever erases a person is told who else may be the same, and which titles name them."""

from __future__ import annotations

from app.common.people import Role
from app.foundation.people.persons import LIFECYCLE
from app.foundation.people.remains import remains_of
from app.kernel.access.reads import load
from tests.client import Api, an_incident


async def test_others_of_the_same_name_or_address_and_titles_with_either_remain(api: Api) -> None:
    admin = await api.client("Ada", Role.admin, Role.agent)
    body = {"name": "Zebulon Quixworth", "email": "zebulon.quixworth@example.org"}
    person = await admin.post_ok("/v1/persons", body)
    by_address = await admin.post_ok("/v1/persons", {"name": "Zebulon.Quixworth@example.org"})
    by_name = await admin.post_ok("/v1/persons", {"name": "zebulon quixworth"})
    await admin.post_ok("/v1/persons", {"name": "Zebulon Quix", "email": "zebulon@example.org"})
    named = await admin.post_ok("/v1/incidents", an_incident(title="Laptop of Zebulon Quixworth is lost"))
    await admin.post_ok("/v1/incidents", an_incident(title="Mr Zebulon Quixworthy has no 100% mail"))
    other = await admin.post_ok("/v1/incidents", an_incident(title="A laptop is lost"))
    task = {"title": "Write to zebulon.quixworth@EXAMPLE.org"}
    await admin.post_ok(f"/v1/incidents/{other['id']}/add_task", task)
    loaded = await load(api.ledger.db, LIFECYCLE, person["id"])
    assert loaded is not None
    remains = await remains_of(api.ledger, loaded.record)
    assert {str(person.id) for person in remains.others} == {by_address["id"], by_name["id"]}
    assert {(title.name, title.title) for title in remains.titles} == {
        (named["number"], "Laptop of Zebulon Quixworth is lost"),
        (other["number"], task["title"]),
    }
    erased = await admin.post_ok(f"/v1/persons/{person['id']}/erase")
    assert erased["name"] is None
    loaded = await load(api.ledger.db, LIFECYCLE, person["id"])
    assert loaded is not None
    assert await remains_of(api.ledger, loaded.record) == ((), ())
