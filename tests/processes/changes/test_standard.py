"""Standard changes: their template approves what it names, and each field beyond it makes a normal change."""

from __future__ import annotations

from typing import Any

import pytest

from app.common.people import Role
from app.foundation.cis.records import CiClass
from app.platform.db import connect
from app.processes.changes.payloads import DraftChange, EditChange
from app.processes.changes.policies.records import ChangeTemplate
from tests.client import Json
from tests.conftest import DatabaseUrls
from tests.processes.changes.samples import DONE, REVIEWED, Board, window
from tests.processes.changes.test_who_approves import service

STANDARD: Json = {"type": "standard", "template": "restart", "team": "network"}
#: Fields that a template determines, each with a value beyond the template `restart`.
BEYOND: Json = {
    "services": ["mail"],
    "cis": ["db-1"],
    "plan": "Drop the database.",
    "test_plan": "See that it is gone.",
    "back_out_plan": "There is none.",
}
#: Fields of each change of its own: who asks for it, why, when and by whom. They add nothing to what is
#: changed: title and description are shown next to those of the template.
OF_ITS_OWN = {
    *("type", "template", "title", "description", "reason", "request", "requester", "team", "category"),
    *("wanted_from_at", "wanted_until_at", "custom", "no_cis_reason", "occurred_at"),
}


@pytest.fixture
async def items(board: Board) -> None:
    """The template `restart` of servers, a server, and a database that it does not cover."""
    await board.template("restart")
    await board.ci("srv-1")
    await board.ci("db-1", ci_class="database")


@pytest.mark.usefixtures("items")
async def test_each_field_beyond_the_template_makes_a_normal_change(board: Board) -> None:
    for payload in (DraftChange, EditChange):
        assert set(payload.model_fields) - OF_ITS_OWN == set(BEYOND), "say whether a template determines it"
    draft = await board.agent.post_ok("/v1/changes", {**STANDARD, "cis": ["srv-1"]})
    for name, value in BEYOND.items():
        pointer = f"/{name}/0" if isinstance(value, list) else f"/{name}"
        drafted = await board.agent.post("/v1/changes", json={**STANDARD, name: value})
        edited = await board.agent.patch(
            f"/v1/changes/{draft['id']}", json={name: value}, headers={"If-Match": "*"}
        )
        for refused in (drafted, edited):
            assert refused.status_code == 422, name
            [error] = refused.json()["errors"]
            assert (error["pointer"], error["code"]) == (pointer, "beyond_template")
    await board.agent.post_ok("/v1/changes", {"type": "normal", "title": "Drop it", **BEYOND})


@pytest.mark.usefixtures("items")
async def test_words_of_its_own_stand_next_to_those_that_were_approved(board: Board) -> None:
    words = {"title": "Restart srv-1", "description": "It hangs since Monday."}
    drafted = await board.agent.post_ok("/v1/changes", {**STANDARD, **words, "cis": ["srv-1"]})
    assert {name: drafted[name] for name in words} == words
    plans = drafted["template_plans"]
    assert (plans["title"], plans["description"]) == ("Restart a relay", "A relay is restarted.")


@pytest.mark.usefixtures("items")
async def test_what_the_template_no_longer_covers_is_not_scheduled(board: Board, place: DatabaseUrls) -> None:
    path = await board.standard("restart", "srv-1")
    async with await connect(place.owner_url) as owner:
        # A draft from before templates named what they cover.
        await owner.execute(b"update fold.change set services = '{mail}', service = 'mail'")
    refused = await board.try_schedule(path, 0, 1)
    [error] = refused.json()["errors"]
    assert (error["pointer"], error["code"]) == ("/services/0", "beyond_template")


@pytest.mark.usefixtures("items")
async def test_an_older_template_that_names_nothing_is_flagged_and_covers_nothing(
    board: Board, place: DatabaseUrls
) -> None:
    assert (await board.manager.read("/v1/change_templates/restart"))["needs_renewal"] is False
    async with await connect(place.owner_url) as owner:
        await owner.execute(b"update fold.change_template set ci_classes = null")
    assert (await board.manager.read("/v1/change_templates/restart"))["needs_renewal"] is True
    refused = await board.agent.post("/v1/changes", json={**STANDARD, "no_cis_reason": "It is a contract."})
    [error] = refused.json()["errors"]
    assert (error["pointer"], error["code"]) == ("/template", "template_without_scope")


#: What a template names, and which it covers of a server of mail, a database of mail and a server of
#: printing.
SCOPES: list[tuple[dict[str, Any], str]] = [
    ({}, ""),
    ({"services": ["mail"]}, "server"),
    ({"ci_classes": ["server"]}, "server printer"),
    ({"services": ["mail"], "ci_classes": ["server"]}, "server"),
    ({"ci_ids": ["printer"]}, "printer"),
    ({"services": ["mail"], "ci_ids": ["printer"]}, "printer"),
    ({"services": ["mail"], "ci_ids": ["printer"], "ci_classes": ["database"]}, "printer"),
]
ITEMS = {
    "server": (CiClass.server, ["mail"]),
    "database": (CiClass.database, ["mail", "crm"]),
    "printer": (CiClass.server, ["printing"]),
}


@pytest.mark.usefixtures("items")
async def test_a_template_is_not_used_for_a_service_that_became_critical(board: Board) -> None:
    await board.ci("mail-1", services=["mail"])
    path = await board.standard("restart", "mail-1")
    template = await board.agent.read("/v1/change_templates/restart")
    assert (template["risk_level"], template["needs_renewal"]) == ("low", False)
    await service(board.api, "mail")
    assert (await board.agent.read("/v1/change_templates/restart"))["needs_renewal"]
    drafted = await board.agent.post("/v1/changes", json={**STANDARD, "cis": ["mail-1"]})
    for refused in (drafted, await board.try_schedule(path, 0, 1)):
        [error] = refused.json()["errors"]
        assert (error["pointer"], error["code"]) == ("/template", "template_outgrown")


def test_a_template_covers_its_items_and_those_of_its_classes_or_else_of_its_services() -> None:
    for scope, covered in SCOPES:
        template = ChangeTemplate.model_construct(**scope)
        names = [
            name for name, (ci_class, services) in ITEMS.items() if template.covers(name, ci_class, services)
        ]
        assert names == covered.split(), scope
        assert template.has_scope == bool(scope)


async def test_an_item_that_is_moved_to_another_service_and_back_keeps_its_owners_in_the_vote(
    board: Board,
) -> None:
    keeper = await board.api.client("Ivo", Role.service_level_manager)
    for key in ("mail", "web"):
        names = {"key": key, "name_en": key, "name_zh": key, "criticality": "low", "owner": "me"}
        await keeper.post_ok("/v1/services", names)
    await board.template("restart", ci_classes=[], services=["mail"])
    await board.ci("db-1", ci_class="database", services=["web"])
    moved = await board.keeper.patch("/v1/cis/db-1", json={"services": ["mail"]}, headers={"If-Match": "*"})
    assert moved.status_code == 200
    refused = await board.agent.post("/v1/changes", json={**STANDARD, "cis": ["db-1"]})
    [error] = refused.json()["errors"]
    assert (error["pointer"], error["code"]) == ("/cis/0", "beyond_template")
    normal = await board.drafted(cis=["db-1"])
    assert normal["ci_services"] == ["mail", "web"]


@pytest.mark.usefixtures("items")
async def test_a_window_is_no_longer_than_the_template_allows(board: Board) -> None:
    path = await board.standard("restart", "srv-1")
    for action, more in (("schedule", {}), ("reschedule", {"reason": "A day later."})):
        refused = await board.manager.post(f"{path}/{action}", json=window(0, 9, **more))
        [error] = refused.json()["errors"]
        assert (error["pointer"], error["code"]) == ("/until_at", "window_beyond_template")
        await board.manager.post_ok(f"{path}/{action}", window(0, 8, **more))


@pytest.mark.usefixtures("items")
async def test_a_draft_is_not_scheduled_after_its_template_was_retired(board: Board) -> None:
    path = await board.standard("restart", "srv-1")
    await board.manager.post_ok("/v1/change_templates/restart/retire")
    refused = await board.try_schedule(path, 0, 1)
    [error] = refused.json()["errors"]
    assert (error["pointer"], error["code"]) == ("/template", "template_not_approved")


@pytest.mark.usefixtures("items")
async def test_whoever_drafted_a_standard_change_does_not_review_it(board: Board) -> None:
    drafted = await board.manager.post_ok("/v1/changes", {**STANDARD, "cis": ["srv-1"]})
    path = f"/v1/changes/{drafted['id']}"
    await board.manager.post_ok(f"{path}/schedule", window(0, 1))
    await board.start_at(path, 0.5)
    await board.engineer.post_ok(f"{path}/complete", DONE)
    refused = await board.manager.post(f"{path}/review", json=REVIEWED)
    assert (refused.status_code, refused.json()["code"]) == (403, "separation_of_duties")
    other = await board.api.client("Other manager", Role.change_manager)
    reviewed = {**REVIEWED, "first_pass": False, "first_pass_reason": "It was tried at night."}
    assert (await other.post_ok(f"{path}/review", reviewed))["state"] == "closed"
