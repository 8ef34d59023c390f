"""Whoever writes the requirements of a request does not confirm them as its requester."""

from __future__ import annotations

from app.common.people import Role
from tests.stories.test_asking_and_confirming import WANTED, House, house

__all__ = ["house"]


async def test_the_author_of_requirements_does_not_confirm_them_and_is_no_successor_of_the_requester(
    house: House,
) -> None:
    path = await house.analysing()
    admin = await house.api.client("Ada", Role.admin)
    levels = await house.api.client("Sela", Role.service_level_manager)
    await house.engineer.post_ok(f"{path}/propose_requirements", WANTED | {"heard": [house.requester.id]})
    await admin.post_ok(f"/v1/persons/{house.requester.id}/deactivate")
    body = {"person": house.requester.id, "new_holder": house.engineer.id}
    refused = await levels.post(f"{path}/hand_over_duties", json=body)
    assert refused.json()["errors"][0]["code"] == "requester_is_assignee"
    await house.desk.post_ok(f"{path}/assign", {"person": house.desk.id})
    await levels.post_ok(f"{path}/hand_over_duties", body)
    own = await house.engineer.post(f"{path}/agree_to_requirements")
    assert (own.status_code, own.json()["code"]) == (403, "separation_of_duties")
