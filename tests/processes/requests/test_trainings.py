"""Who is named as a participant of a training sees its request from then on."""

from __future__ import annotations

from app.common.people import Role
from app.foundation.people.records import TeamKind
from tests.client import Api, Json

MAILBOX = {"title": "A mailbox", "description": "For the colleague.", "channel": "portal", "urgency": "3"}
ASSESSED = {"category": "software", "impact": "3", "urgency": "3", "path": "standard", "team": "desk"}


async def test_a_person_of_another_customer_takes_part_in_no_training_and_does_not_see_the_request(
    api: Api,
) -> None:
    await api.team("desk")
    for customer in ("finance", "logistics"):
        await api.team(customer, TeamKind.customer)
    requester, colleague = [await api.client(name, teams=("finance",)) for name in ("Lea", "Sun")]
    stranger = await api.client("Log", teams=("logistics",))
    engineer = await api.client("Emil", Role.engineer, Role.agent, teams=("desk",))
    path = f"/v1/requests/{(await requester.post_ok('/v1/requests', MAILBOX))['id']}"
    await engineer.post_ok(f"{path}/assess", ASSESSED)
    await engineer.post_ok(f"{path}/assign", {"person": "me"})
    await engineer.post_ok(f"{path}/start")
    await engineer.post_ok(f"{path}/fulfil", {"delivered": "A mailbox."})
    named = [requester.id, colleague.id, engineer.id, stranger.id]
    training: Json = {"audience": "Finance", "topics": "Mail", "material": "Slides", "attended": 12}
    refused = await engineer.post(f"{path}/record_training", json=training | {"participants": named})
    assert [(e["pointer"], e["code"]) for e in refused.json()["errors"]] == [
        ("/participants/3", "not_of_the_customer")
    ]
    assert (await stranger.get(path)).status_code == 404
    await engineer.post_ok(f"{path}/record_training", training | {"participants": named[:3]})
    assert (await colleague.get(path)).status_code == 200
