"""The demo's integrations: one that works, and one whose deliveries fail until its mapping is mended."""

from __future__ import annotations

from uuid import UUID

from app.common.people import Role
from app.demo.scripts.integration_scripts import MAPPING, TICKETS, make_integrations
from tests.client import Api
from tests.webhooks.tools import clock, process_all


async def test_one_tool_is_heard_and_what_another_sends_fails_until_it_is_mended_and_replayed(
    api: Api,
) -> None:
    admin = await api.client("Ada", Role.admin, Role.agent)
    owner = UUID((await admin.read("/v1/me"))["person"]["id"])
    for _ in range(2):  # started again, it adds nothing
        await make_integrations(api.ledger, owner, clock)
    sources = {source["key"]: source for source in (await admin.read("/v1/webhook_sources"))["items"]}
    assert set(sources) == {"monitoring", "shop-desk"}
    incidents = (await admin.read("/v1/incidents"))["items"]
    states = {incident["title"]: incident["state"] for incident in incidents}
    assert sorted(states.values()) == ["new", "resolved"]
    (grouped,) = (incident for incident in incidents if incident["state"] == "new")
    alerts = (await admin.read(f"/v1/incidents/{grouped['id']}/alerts"))["items"]
    assert sorted(alert["cleared_at"] is not None for alert in alerts) == [False, False, True]
    path = f"/v1/webhook_sources/{sources['shop-desk']['id']}"
    failed = (await admin.read(f"{path}/deliveries", state="failed"))["items"]
    assert len(failed) == len(TICKETS)
    mended = {"mapping": MAPPING.replace("body.ticket", "body.id")}
    assert (await admin.patch(path, json=mended, headers={"If-Match": "*"})).status_code == 200
    await admin.post_ok(f"{path}/replay_failed", {})
    await process_all(api.ledger)
    titles = {case["title"] for case in (await admin.read("/v1/incidents"))["items"]}
    assert titles >= set(TICKETS)
