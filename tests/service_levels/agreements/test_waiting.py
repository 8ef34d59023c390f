"""Agreements that wait for a signature, a review or a renewal, and the side that they wait for."""

from __future__ import annotations

from tests.client import Api, Client
from tests.desk.test_pages import page
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


async def test_only_what_is_next_for_a_side_is_offered(parties: Parties) -> None:
    path = await parties.submitted("SLA", "finance", TARGET)
    it, customer = parties.it, parties.leads["finance"]
    address = f"/desk/sla/{(await parties.manager.read(path))['number']}"

    async def offered(client: Client) -> set[str]:
        return {each["action"] for each in (await client.read(path))["actions"] if each["open"]}

    for client in (it, customer, parties.manager):
        assert "withdraw_consent" not in await offered(client), "nobody has consented yet"
    assert f'class="button leads" href="{address}/sign"' in await page(it, address)
    await it.post_ok(f"{path}/sign")
    assert "withdraw_consent" in await offered(it)
    assert "withdraw_consent" not in await offered(customer)
    html = await page(it, address)
    assert f"{address}/sign" not in html
    assert 'class="button leads"' not in html, "the other side is next"
    await customer.post_ok(f"{path}/sign")
    assert not {"sign", "withdraw_consent"} & await offered(it)
