"""What was decided on is what goes out: after the go, a release stays as it was put to the vote."""

from __future__ import annotations

from typing import Any

import pytest

from app.common.people import Role
from app.processes.releases.approvals import GO_MATTER
from app.processes.releases.payloads import EditRelease
from tests.client import Api
from tests.processes.releases.samples import Makers, a_release, errors, makers_of, vote

WENT = {"what": "Version 4.2 on both relays."}
OTHERS: dict[str, Any] = {"title": "Everything new", "description": "All of it.", "service": "portal"}


@pytest.fixture
async def makers(api: Api) -> Makers:
    owner = await api.client("Vera", Role.service_level_manager)
    for key in ("mail", "portal"):
        names = {"key": key, "name_en": key.title(), "name_zh": key, "criticality": "high", "owner": "me"}
        await owner.post_ok("/v1/services", names)
    return await makers_of(api)


async def edited(makers: Makers, path: str, **fields: Any) -> list[tuple[str, str]]:
    """What is wrong with the edit; nothing, if it is made."""
    answer = await makers.manager.patch(path, json=fields, headers={"If-Match": "*"})
    return [] if answer.status_code == 200 else errors(answer.json())


async def test_after_the_go_nothing_that_was_voted_on_is_edited(makers: Makers) -> None:
    assert set(OTHERS) == {name for name in GO_MATTER.fields if name in EditRelease.model_fields}
    path = await makers.ready()
    assert await edited(makers, path, title="Mail relay 4.3") == [], "before the go it is still open"
    await makers.asked_for_go(path)
    await makers.go(path, "approve")
    locked = [[(f"/{name}", "put_to_the_vote")] for name in OTHERS]
    assert [await edited(makers, path, **{name: OTHERS[name]}) for name in OTHERS] == locked
    assert await edited(makers, path, title="Mail relay 4.3") == [], "the same title alters nothing"
    await makers.developer.post_ok(f"{path}/deploy", WENT)
    assert [await edited(makers, path, **{name: OTHERS[name]}) for name in OTHERS] == locked


async def test_after_a_no_the_release_may_be_edited(makers: Makers) -> None:
    path = await makers.ready()
    await makers.asked_for_go(path)
    await makers.go(path, "reject")
    assert await edited(makers, path, title="Mail relay 4.3") == []


async def test_the_service_stays_once_leaving_out_stages_was_asked_for_it(makers: Makers) -> None:
    path = f"/v1/releases/{(await makers.manager.post_ok('/v1/releases', a_release()))['id']}"
    assert await edited(makers, path, service="portal") == []
    assert await edited(makers, path, service="mail") == []
    await makers.ask_to_leave_out(path)
    assert await edited(makers, path, service="portal") == [("/service", "put_to_the_vote")]
    await vote(makers.head, path, "approve")
    assert await edited(makers, path, service="portal") == [("/service", "put_to_the_vote")]


async def test_a_successor_in_a_stage_is_one_who_could_be_appointed(makers: Makers, api: Api) -> None:
    """Builders do not come to test, nor somebody without the role to review, by taking duties over."""
    stages = [
        {"key": "build", "author": makers.developer.id},
        {"key": "test", "author": makers.tester.id, "reviewer": makers.manager.id},
    ]
    path = await makers.planned(stages=stages)
    admin = await api.client("Ada", Role.admin)
    for leaver, successor, code in (
        (makers.tester, makers.developer, "wrote_other_stage"),
        (makers.manager, makers.developer, "not_the_reviewer_role"),
    ):
        await admin.post_ok(f"/v1/persons/{leaver.id}/deactivate")
        duties = {"person": leaver.id, "new_holder": successor.id}
        refused = await makers.change.post(f"{path}/hand_over_duties", json=duties)
        assert errors(refused.json()) == [("/new_holder", code)], refused.text
