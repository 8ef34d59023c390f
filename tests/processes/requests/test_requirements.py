"""What a project is to bring: it was confirmed before that is told."""

from __future__ import annotations

from datetime import timedelta

from app.log.canonical import instant
from app.processes.requests.records import RequestState
from app.registry import LIFECYCLES_BY_KIND
from tests.client import Api
from tests.every_action.samples import valid_body
from tests.every_action.world import make_world
from tests.extent import in_test_all
from tests.people import ago


@in_test_all
async def test_requirements_are_told_when_they_were_confirmed_and_not_before(api: Api) -> None:
    world = await make_world(api)
    request = LIFECYCLES_BY_KIND["request"]
    confirm = request["confirm_requirements"]
    record = await world.make_record(request, RequestState.analysing, confirm)
    path = f"/v1/requests/{record['id']}"
    told_at = ago(seconds=0)
    body = await valid_body(world.everybody, confirm, path) | {"occurred_at": instant(told_at)}
    for early in (timedelta(seconds=1), timedelta(days=1)):
        refused = await world.worker.post(
            f"{path}/confirm_requirements", json={**body, "confirmed_at": instant(told_at + early)}
        )
        assert refused.status_code == 422, refused.text
        assert [(e["pointer"], e["code"]) for e in refused.json()["errors"]] == [
            ("/confirmed_at", "after_it_was_told")
        ]
    for wrong, error in (
        ({"confirmed_at": "2020-01-01T00:00:00Z"}, ("/confirmed_at", "confirmed_too_early")),
        ({"confirmation_method": None}, ("/confirmation_method", "method_missing")),
    ):
        confirmation = {**body, "confirmed_at": instant(told_at), **wrong}
        refused = await world.worker.post(f"{path}/confirm_requirements", json=confirmation)
        assert [(e["pointer"], e["code"]) for e in refused.json()["errors"]] == [error]
    assert (await world.everybody.read(path))["state"] == "analysing"
    confirmed = await world.worker.post_ok(
        f"{path}/confirm_requirements", {**body, "confirmed_at": instant(told_at)}
    )
    assert confirmed["state"] == "requirements_confirmed"
