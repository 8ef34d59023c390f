"""The page of a risk makes few calls, though its history refers to the risk's actions."""

from __future__ import annotations

import pytest

from tests.desk.test_record_calls import counted_page
from tests.governance.risks.conftest import House


async def test_the_page_reads_no_list_for_names_that_its_events_have(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = await house.reduced()
    (planned,) = await house.children(path, "actions")
    await house.helper.post_ok(f"{path}/complete_action", {"action": planned["id"], "outcome": "It runs."})
    address = f"/desk/risk/{(await house.owner.read(path))['number']}"
    counted = await counted_page(house.owner, address, monkeypatch)
    assert not any(read.endswith("/actions") for read in counted.paths), counted.paths
