"""Agreements that wait for a signature, a review or a renewal, and the side that they wait for."""

from __future__ import annotations

from tests.client import Api, Client
from tests.service_levels.agreements.samples import Parties, a_target

TARGET = a_target("t1", "resolution", 32_400)


async def listed(client: Client, **parameters: str) -> list[str]:
    """The paths of the agreements that the list gives."""
    return [f"/v1/slas/{item['id']}" for item in (await client.read("/v1/slas", **parameters))["items"]]


async def test_what_nobody_has_signed_waits_for_both_sides_and_others_do_not_see_it(
    api: Api, parties: Parties
) -> None:
    path = await parties.submitted("SLA", "finance", TARGET)
    assert await listed(await api.client("Stranger"), waiting_for="signature") == []
    manager, customer = parties.manager, parties.leads["finance"]
    for parameters in ({"waiting_for": "signature"}, {"waits_for": "it"}, {"waits_for": "party"}):
        assert await listed(manager, **parameters) == [path], parameters
    assert await listed(customer, party="me", waits_for="party") == [path]
    await parties.it.post_ok(f"{path}/sign")
    assert await listed(manager, waits_for="it") == []
    assert await listed(customer, waiting_for="signature", waits_for="party") == [path]
    await customer.post_ok(f"{path}/sign")
    assert await listed(manager, waiting_for="signature,renewal") == []
    assert await listed(manager, waiting_for="review") == [], "it is not due yet"
    await parties.review(path)
    assert await listed(manager, waiting_for="signature,renewal") == [path]
