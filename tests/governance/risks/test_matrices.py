"""Another matrix states open risks anew, and every level names the matrix that gives it."""

from __future__ import annotations

from itertools import product

from app.governance.risks.scale import USUAL
from tests.client import Json
from tests.extent import in_test_all
from tests.governance.risks.conftest import House, codes, later


def cells(high_from: int = 20, medium_from: int = 10) -> list[Json]:
    """A matrix by products of likelihood and impact."""
    levels = {True: "high", False: "medium"}
    return [
        {
            "likelihood": likelihood,
            "impact": impact,
            "risk_level": levels[likelihood * impact >= high_from]
            if likelihood * impact >= medium_from
            else "low",
        }
        for likelihood, impact in product(range(1, 6), range(1, 6))
    ]


def test_by_default_products_of_15_are_high_and_of_8_medium() -> None:
    for (likelihood, impact), level in USUAL.items():
        points = likelihood * impact
        assert level == ("high" if points >= 15 else "medium" if points >= 8 else "low")
    assert len(USUAL) == 25


@in_test_all
async def test_another_matrix_states_open_risks_anew_and_leaves_closed_ones(house: House) -> None:
    open_, closed = await house.reduced(4, 4), await house.reduced(4, 4)
    await house.process_owner.post_ok(f"{closed}/close", {"closing_reason": "It is over."})
    matrix = await house.quality.post_ok("/v1/risk_matrices", {"cells": cells()})
    await house.worker.work(later(seconds=1))
    assert (await house.owner.read(open_))["risk_level"] == "high", "nobody else has agreed"
    agree = f"/v1/risk_matrices/{matrix['id']}/agree"
    assert (await house.quality.post(agree)).json()["code"] == "separation_of_duties"
    await house.process_owner.post_ok(agree)
    await house.worker.work(later(seconds=1))
    assert house.worker.failures == []
    restated = await house.owner.read(open_)
    assert (restated["risk_level"], restated["matrix_id"]) == ("medium", matrix["id"])
    assert (restated["move"], restated["offered_response"]) == (None, "reduce")
    assert (await house.owner.read(closed))["risk_level"] == "high"
    events = (await house.owner.read(f"{open_}/events"))["items"]
    assert [event["type"] for event in events].count("risk.restated") == 1
    # Both ends of a move are by one matrix: 16 is medium by it, as 15 is.
    again = await house.owner.post_ok(f"{open_}/reassess", {"likelihood": 3, "impact": 5})
    assert (again["risk_level"], again["move"]) == ("medium", "same")


async def test_a_matrix_has_each_cell_once_and_no_lower_level_for_more_risk(house: House) -> None:
    every_cell = cells()

    async def refused(drawn: list[Json]) -> object:
        return codes(await house.quality.post("/v1/risk_matrices", json={"cells": drawn}))

    assert await refused(every_cell[1:]) == [("/cells", "risk_cell_missing")]
    assert await refused([*every_cell, every_cell[0]]) == [("/cells/25", "risk_cell_twice")]
    wrong = [cell | {"risk_level": "low"} if cell is every_cell[-1] else cell for cell in every_cell]
    assert await refused(wrong) == [("/cells/24/risk_level", "lower_for_more_risk")]
    assert (await house.owner.post("/v1/risk_matrices", json={"cells": every_cell})).status_code == 403
