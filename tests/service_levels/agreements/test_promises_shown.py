"""What a service says of single customers is for staff and for those customers: a promise is shown to whoever
may see the agreement that makes it.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from app.common.people import Role
from app.foundation.people.records import TeamKind
from tests.client import Client, add_key
from tests.extent import in_test_all
from tests.service_levels.agreements.samples import Parties, a_draft


async def shown(client: Client, field: str) -> list[Any]:
    """What the field of the service says, by whatever way it is read."""
    listed = await client.read("/v1/services", fields=f"key,{field}")
    service = await client.read("/v1/services/mail")
    past = await client.read(f"/v1/services/{service['id']}", as_of=service["recorded_at"])
    item = await client.read("/v1/catalogue_items/mailbox", expand="service")
    alone = await client.read("/v1/services/mail", fields=field)
    return [
        *(entry[field] for entry in listed["items"] if entry["key"] == "mail"),
        *(service[field], past[field], item["service"][field], alone[field]),
    ]


async def two_customers(parties: Parties) -> Client:
    """Another customer, and an item of the service; gives who keeps the catalogue."""
    await parties.team("sales", TeamKind.customer)
    keeper = await parties.api.client("Keeper 2", Role.admin, Role.service_level_manager)
    item = {"key": "mailbox", "service": "mail", "title_en": "A mailbox", "title_zh": "邮箱"}
    created = await keeper.post_ok("/v1/catalogue_items", {**item, "fulfilment_path": "standard"})
    await keeper.post_ok(f"/v1/catalogue_items/{created['id']}/offer")
    return keeper


async def test_each_customer_is_shown_what_is_promised_to_them_and_to_all(parties: Parties) -> None:
    keeper = await two_customers(parties)
    of_finance, of_sales = [await parties.signed("SLA", party) for party in ("finance", "sales")]
    to_all = await parties.required("SLA", None, services=["mail"])
    await parties.manager.post_ok(f"{to_all}/draft", a_draft())
    await parties.it.post_ok(f"{to_all}/negotiate", {"proposals": "As drafted."})
    await parties.manager.post_ok(f"{to_all}/submit_for_review", {"gap_reason": "None yet."})
    await parties.sign(to_all, None)
    narrow = parties.api.with_token(await add_key(parties.api.ledger, UUID(keeper.id), "requester"))
    sees = {
        keeper: {of_finance, of_sales, to_all},
        parties.leads["mail-team"]: {of_finance, of_sales, to_all},
        parties.leads["finance"]: {of_finance, to_all},
        parties.leads["sales"]: {of_sales, to_all},
        await parties.api.client("Colleague in finance", teams=("finance",)): {of_finance, to_all},
        await parties.api.client("Somebody"): {to_all},
        narrow: {to_all},
    }
    for client, expected in sees.items():
        for promises in await shown(client, "promises"):
            assert {f"/v1/slas/{promise['agreement']}" for promise in promises} == expected
        for instant in {of_finance, of_sales} - expected:
            assert (await client.get(instant)).status_code == 404


@in_test_all
async def test_each_customer_is_shown_of_the_customers_only_themselves(parties: Parties) -> None:
    keeper = await two_customers(parties)
    both = [(await keeper.read(f"/v1/teams/{key}"))["id"] for key in ("finance", "sales")]
    mail = await keeper.read("/v1/services/mail")
    assert await shown(parties.leads["finance"], "customers") == [None] * 5
    edit = await keeper.patch(
        f"/v1/services/{mail['id']}", json={"customers": both}, headers={"If-Match": "*"}
    )
    assert edit.status_code == 200, edit.text
    stranger = await parties.api.client("Somebody")
    for client, expected in (
        (keeper, both),
        (parties.leads["finance"], both[:1]),
        (parties.leads["sales"], both[1:]),
        (stranger, []),
    ):
        assert await shown(client, "customers") == [expected] * 5
