"""The superior who rates a card leaves: neither whose card it is nor a peer who rates it takes over."""

from __future__ import annotations

from app.common.people import Role
from tests.governance.scorecards.conftest import ScoredOffice, office, scored

__all__ = ["office", "scored"]


async def test_nobody_rates_a_scorecard_twice_after_the_superior_has_left(scored: ScoredOffice) -> None:
    office = scored.office
    admin = await office.api.client("Ada", Role.admin)
    other = await office.api.client("Olive", Role.engineer)
    await scored.edition()
    await scored.move_to(scored.end)
    await scored.open()
    (card,) = (await office.quality.read("/v1/scorecards", person=office.agent.id))["items"]
    path = f"/v1/scorecards/{card['number']}"
    await admin.post_ok(f"/v1/persons/{office.head.id}/deactivate")
    for successor, code in (
        (office.agent, "own_superior"),
        (scored.peers[0], "rates_already"),
        (other, None),
    ):
        body = {"person": office.head.id, "new_holder": successor.id}
        answer = await office.quality.post(f"{path}/hand_over_duties", json=body)
        assert (None if answer.is_success else answer.json()["errors"][0]["code"]) == code
