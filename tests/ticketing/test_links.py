"""A link is told on both ends by one command, or on neither; nobody learns by it of what they may not see."""

from __future__ import annotations

import asyncio

from app.common.people import Role
from app.kernel.actions.refusals import WrongValue
from app.kernel.histories.rebuild import compare
from app.kernel.ledger import Ledger
from app.log import read
from app.processes.incidents.records import Incident
from app.registry import LIFECYCLES
from app.ticketing.links import LinkTicket
from app.ticketing.records import LinkKind
from tests.cases import each_case
from tests.client import Api, Client, Json, an_incident
from tests.extent import in_test_all
from tests.kernel.incidents import report
from tests.people import act, add_caller


async def two(client: Client) -> tuple[Json, Json]:
    return await client.post_ok("/v1/incidents", an_incident()), await client.post_ok(
        "/v1/incidents", an_incident()
    )


def at(record: Json) -> str:
    return f"/v1/incidents/{record['id']}"


async def links(client: Client, record: Json) -> list[tuple[str, str]]:
    """What the record is to which others, as the client is shown it."""
    items = (await client.read(f"{at(record)}/links"))["items"]
    return [(item["kind"], item["other"]["number"]) for item in items]


async def test_a_link_stands_on_both_ends_each_in_its_own_words(api: Api) -> None:
    agent = await api.client("Lin", Role.agent)
    first, second = await two(agent)
    await agent.post_ok(f"{at(first)}/link", {"kind": "caused_by", "other": second["number"]})
    assert await links(agent, first) == [("caused_by", second["number"])]
    assert await links(agent, second) == [("causes", first["number"])]
    (here,) = (await agent.read(f"{at(first)}/links"))["items"]
    (from_other,) = (await agent.read(f"{at(second)}/links"))["items"]
    assert here["id"] == from_other["id"]
    assert (here["label"], here["other"]["title"]) == ("Caused by", second["title"])
    events = [(await agent.read(f"{at(record)}/events"))["items"][-1] for record in (first, second)]
    assert [event["type"] for event in events] == ["incident.linked"] * 2
    assert [event["given"] for event in events] == [
        {"kind": "caused_by", "other": second["id"]},
        {"kind": "causes", "other": first["id"]},
    ]
    assert events[1]["position"] == events[0]["position"] + 1
    assert events[0]["correlation_id"] == events[1]["correlation_id"]


async def test_it_is_undone_from_either_end(api: Api) -> None:
    agent = await api.client("Lin", Role.agent)
    first, second = await two(agent)
    for end in (first, second):
        await agent.post_ok(f"{at(first)}/link", {"kind": "blocks", "other": second["id"]})
        (link,) = (await agent.read(f"{at(first)}/links"))["items"]
        await agent.post_ok(f"{at(end)}/unlink", {"link": link["id"]})
        assert await links(agent, first) == await links(agent, second) == []
    refused = await agent.post(f"{at(first)}/unlink", json={"link": link["id"]})
    assert refused.json()["errors"][0]["code"] == "unknown_reference"


@each_case("kind", list(LinkKind))
def test_the_opposite_of_an_opposite_is_the_kind_itself(kind: LinkKind) -> None:
    assert kind.opposite.opposite is kind


async def test_what_cannot_be_linked_is_refused_by_its_name(api: Api) -> None:
    agent = await api.client("Lin", Role.agent)
    first, second = await two(agent)
    await agent.post_ok(f"{at(first)}/link", {"kind": "relates_to", "other": second["id"]})
    head = await api.head()
    for record, named, code in (
        (first, first["number"], "itself"),
        (first, second["number"], "there_already"),
        (second, first["number"], "there_already"),
        (first, "INC-1999-000001", "unknown_reference"),
        (first, agent.id, "unknown_reference"),
        (first, "PRB-2026-000001", "unknown_reference"),
    ):
        refused = await agent.post(f"{at(record)}/link", json={"kind": "relates_to", "other": named})
        (fault,) = refused.json()["errors"]
        assert (refused.status_code, fault["pointer"], fault["code"]) == (422, "/other", code)
    assert await api.head() == head


async def test_a_link_leads_nobody_to_what_they_may_not_see(api: Api) -> None:
    zhao, agent = await api.client("Zhao Min"), await api.client("Lin", Role.agent)
    hers, hidden = await zhao.post_ok("/v1/incidents", an_incident()), (await two(agent))[0]
    await agent.post_ok(f"{at(hers)}/link", {"kind": "caused_by", "other": hidden["id"]})
    assert await links(zhao, hers) == []
    everything = [(await zhao.get(f"{at(hers)}{rest}")).text for rest in ("", "/events", "/links")]
    assert not [text for text in everything if hidden["id"] in text or hidden["number"] in text]
    mine = await zhao.post_ok("/v1/incidents", an_incident())
    await agent.post_ok(f"{at(hers)}/link", {"kind": "parent_of", "other": mine["id"]})
    assert await links(zhao, hers) == [("parent_of", mine["number"])]
    assert (
        await zhao.post(f"{at(hers)}/link", json={"kind": "blocks", "other": mine["id"]})
    ).status_code == 403


async def test_who_may_not_act_on_the_other_end_does_not_link_it(api: Api) -> None:
    network, _ = await api.team("network"), await api.team("mail")
    agent = await api.client("Lin", Role.agent, teams=("network", "mail"))
    scoped = await api.client("Tomasz", f"engineer@team/{network}")
    first = await agent.post_ok("/v1/incidents", an_incident())
    other = await agent.post_ok("/v1/incidents", an_incident(requester=scoped.id))
    await agent.post_ok(f"{at(first)}/assign", {"team": "network"})
    await agent.post_ok(f"{at(other)}/assign", {"team": "mail"})
    head = await api.head()
    # He sees the other one, having asked for it, and is no staff for it.
    refused = await scoped.post(f"{at(first)}/link", json={"kind": "blocks", "other": other["id"]})
    (fault,) = refused.json()["errors"]
    assert (fault["pointer"], fault["code"]) == ("/other", "refused_there")
    assert "Allowed: a rule or staff." in fault["message"]
    assert await api.head() == head


@in_test_all
async def test_links_made_at_once_from_both_ends_are_one_link(ledger: Ledger) -> None:
    agent = await add_caller(ledger, "Lin", Role.agent)
    first, second = await report(ledger, agent), await report(ledger, agent)

    async def link(here: Incident, target: Incident) -> str:
        body = LinkTicket(kind=LinkKind.relates_to, other=str(target.id))
        try:
            await act(ledger, agent, "incident", "link", here.id, body)
        except WrongValue as refusal:
            return refusal.because
        return "made"

    came_of_it = await asyncio.gather(*(link(*ends) for ends in [(first, second), (second, first)] * 3))
    assert sorted(came_of_it) == ["made", *["there_already"] * 5]
    assert await ledger.db.value("select count(*) from fold.link") == 2
    for record in (first, second):
        types = [e.type for e in await read.stream_events(ledger.db, record.row_key)]
        assert types == ["incident.reported", "incident.linked"]
    async with ledger.db.connection() as connection:
        assert (await compare(connection, LIFECYCLES)).differing == {}
