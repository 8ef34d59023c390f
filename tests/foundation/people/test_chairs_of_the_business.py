"""The chair of a group of the business is of the business."""

from __future__ import annotations

from app.common.people import Role
from tests.client import Api


async def test_a_group_of_the_business_alone_has_a_chair_of_the_business(api: Api) -> None:
    admin, engineer = await api.client("Ada", Role.admin), await api.client("Ilse", Role.engineer)
    first, second = await api.client("Bo"), await api.client("Bea")
    await admin.post_ok("/v1/groups", {"key": "keys", "name": "Key users", "chair": first.id})
    await admin.post_ok("/v1/groups/keys/add_member", {"person": first.id, "side": "business"})
    refused = await admin.patch("/v1/groups/keys", json={"chair": engineer.id}, headers={"If-Match": "*"})
    assert [error["code"] for error in refused.json()["errors"]] == ["not_of_the_business"]
    await admin.post_ok(f"/v1/persons/{first.id}/deactivate")
    hand_over = {"person": first.id, "new_holder": engineer.id}
    refused = await admin.post("/v1/groups/keys/hand_over_duties", json=hand_over)
    assert [error["code"] for error in refused.json()["errors"]] == ["not_of_the_business"]
    await admin.post_ok("/v1/groups/keys/hand_over_duties", {**hand_over, "new_holder": second.id})
