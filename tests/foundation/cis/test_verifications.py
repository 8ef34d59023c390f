"""Verifications: a sample that its id alone decides, what is found of it, and the share that is right."""

from __future__ import annotations

from hashlib import sha256

import pytest

from app.common.people import Role
from app.kernel.histories.rebuild import compare
from app.registry import LIFECYCLES
from tests.client import Api, Client, Json
from tests.extent import in_test_all
from tests.foundation.cis.test_cis import a_ci, refused

AT = "/v1/verifications"


@pytest.fixture
async def keeper(api: Api) -> Client:
    """A configuration manager."""
    return await api.client("Karin", Role.configuration_manager)


async def drawn(client: Client, key: str = "autumn", **more: object) -> Json:
    return await client.post_ok(AT, {"key": key, "name": "The autumn's", "size": 3, **more})


def keys(verification: Json) -> list[str]:
    return [item["ci"]["key"] for item in verification["items"]]


async def test_its_id_alone_decides_which_items_in_use_are_drawn(keeper: Client) -> None:
    keys_by_id = {
        ci["id"]: ci["key"] for ci in [await a_ci(keeper, f"srv-{n}", services=["mail"]) for n in range(9)]
    }
    await keeper.post_ok("/v1/cis", {"key": "planned", "name": "Not yet", "ci_class": "server"})
    await keeper.post_ok("/v1/cis/srv-8/begin_maintenance")
    await a_ci(keeper, "gone")
    await keeper.post_ok("/v1/cis/gone/retire")
    await a_ci(keeper, "db-1", ci_class="database")

    def in_order(verification: Json) -> list[str]:
        return sorted(keys_by_id, key=lambda ci_id: sha256(f"{verification['id']}/{ci_id}".encode()).digest())

    first = await drawn(keeper, ci_classes=["server"], services=["mail"])
    assert keys(first) == [keys_by_id[ci_id] for ci_id in in_order(first)[:3]]
    assert (first["population"], first["drawn_count"], first["right_share"]) == (9, 3, None)
    again = await drawn(keeper, "again", ci_classes=["server"], size=200)
    assert keys(again) == [keys_by_id[ci_id] for ci_id in in_order(again)]
    assert in_order(again) != in_order(first), "nobody knows the order before"
    usual = await drawn(keeper, "usual")
    assert usual["population"] == 10


async def test_what_is_found_is_counted_and_every_difference_settled(api: Api, keeper: Client) -> None:
    for n in range(4):
        await a_ci(keeper, f"srv-{n}")
    looker = await api.client("Eva", Role.engineer)
    path = f"{AT}/{(await drawn(keeper, size=4))['id']}"
    for n, outcome in enumerate(["as_recorded", "differs", "missing", "differs"]):
        note = None if outcome == "as_recorded" else "Another room."
        record = await looker.post_ok(
            f"{path}/check_item", {"ci": f"srv-{n}", "outcome": outcome, "note": note}
        )
        assert record["checked_count"] == n + 1
        if n < 3:
            assert (await keeper.post(f"{path}/conclude")).json()["code"] == "items_unchecked"
    assert (record["right_count"], record["unsettled_count"], record["right_share"]) == (1, 3, 0.25)
    corrected: Json = {"ci": "srv-3", "outcome": "as_recorded"}
    assert (await looker.post_ok(f"{path}/check_item", corrected))["right_share"] == 0.5, (
        "it was looked at again"
    )
    assert (await keeper.post(f"{path}/conclude")).json()["code"] == "differences_unsettled"
    settle, confirmed = f"{path}/settle_difference", {"ci": "srv-1", "settlement": "confirmed"}
    drawn_too = await keeper.post(settle, json=confirmed)
    assert (drawn_too.status_code, drawn_too.json()["code"]) == (403, "separation_of_duties")
    other = await api.client("Other", Role.change_manager)
    settled = await other.post_ok(settle, confirmed)
    assert (settled["right_share"], settled["unsettled_count"]) == (0.75, 1)
    await keeper.post_ok("/v1/cis/srv-2/retire")  # as whatever is missing is
    body: Json = {"ci": "srv-2", "settlement": "corrected"}
    assert await refused(other, settle, body) == (422, "/change", "missing")
    await other.post_ok(settle, {**body, "change": "CHG-17"})
    ended = await keeper.post_ok(f"{path}/conclude", {"summary": "One was gone."})
    assert (ended["state"], ended["right_share"], ended["summary"]) == ("concluded", 0.75, "One was gone.")
    assert [item["settlement"] for item in sorted(ended["items"], key=lambda entry: entry["ci"]["key"])] == [
        None,
        "confirmed",
        "corrected",
        None,
    ]
    assert (await keeper.post(f"{path}/check_item", json=corrected)).status_code == 409
    async with api.ledger.db.connection() as connection:
        assert (await compare(connection, LIFECYCLES)).differing == {}


@in_test_all
async def test_what_makes_no_sense_is_refused_with_its_place(api: Api, keeper: Client) -> None:
    nothing: Json = {"key": "nothing", "name": "Nothing", "size": 3}
    assert await refused(keeper, AT, nothing) == (422, "/ci_classes", "nothing_to_draw")
    await a_ci(keeper, "srv-1")
    await a_ci(keeper, "db-1", ci_class="database")
    for size in (0, 201, "3", 1.5):
        assert (await keeper.post(AT, json={**nothing, "size": size})).status_code == 422
    path = f"{AT}/{(await drawn(keeper, ci_classes=['server']))['id']}"
    assert await refused(keeper, AT, {**nothing, "key": "autumn"}) == (422, "/key", "taken")
    check, settle = f"{path}/check_item", f"{path}/settle_difference"
    as_recorded: Json = {"ci": "db-1", "outcome": "as_recorded"}
    assert await refused(keeper, check, as_recorded) == (422, "/ci", "not_drawn")
    assert await refused(keeper, check, {"ci": "srv-1", "outcome": "differs"}) == (422, "/note", "missing")
    confirmed: Json = {"ci": "srv-1", "settlement": "confirmed"}
    assert await refused(keeper, settle, confirmed) == (422, "/ci", "no_difference")
    await keeper.post_ok(check, {"ci": "srv-1", "outcome": "missing", "note": "Not in the rack."})
    engineer = await api.client("Eva", Role.engineer)
    assert (await engineer.post(settle, json=confirmed)).status_code == 403
    other = await api.client("Other", Role.configuration_manager)
    await other.post_ok(settle, {**confirmed, "settlement": "finding"})
    assert await refused(keeper, check, {**as_recorded, "ci": "srv-1"}) == (422, "/ci", "settled_already")
    requester = await api.client("Zhao")
    assert (await requester.get(path)).status_code == 404
    assert (await keeper.read(AT))["items"][0]["right_share"] == 0.0
    assert (await keeper.post_ok(f"{path}/discard"))["state"] == "discarded"
