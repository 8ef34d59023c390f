"""A definition's whole story over HTTP: drafted, heard, submitted, published, superseded, retired."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from app.common.people import Grade, Role
from app.foundation.process_definitions.lookups import definitions_in_force, expected_path_of
from app.kernel.access.reads import BY_RECORD_VERSION
from app.log.canonical import instant
from tests.client import Json
from tests.governance.process_definitions.conftest import NOT_NEEDED, PUBLISHED, Registry, now

PATH = [
    {"event": "incident.reported"},
    {"event": "incident.held", "needed": False, "repeatable": True, "anywhere": True},
    {"event": "incident.resolved"},
]


async def test_a_definition_is_drafted_submitted_published_and_superseded_by_the_next_edition(
    registry: Registry,
) -> None:
    path = await registry.submitted(process="Incidents", expected_path=PATH)
    published = await registry.quality.post_ok(f"{path}/publish", PUBLISHED)
    assert (published["state"], published["edition"], published["process"]) == ("published", 1, "incident")
    assert published["number"].startswith("PRD-")
    assert published["document_number"].startswith("PR")
    [document] = (await registry.quality.read(f"{path}/documents"))["items"]
    assert (document["document_class"], document["state"]) == ("PR", "published")
    assert document["number"] == published["document_number"]

    # The next edition begins as a copy, and what is said replaces what was there.
    approved = await registry.approved_change("incident")
    next_edition = {
        "process": "incident",
        "title": "Incidents, faster",
        "level": 2,
        "process_changes": [approved],
    }
    second = await registry.designer.post_ok("/v1/process_definitions", next_edition)
    assert second["purpose"] == published["purpose"]
    assert second["activities"] == published["activities"]
    assert second["edition"] is None
    await registry.edit(registry.designer, f"/v1/process_definitions/{second['id']}", purpose="Speed.")
    await registry.owner.post_ok(
        f"/v1/process_definitions/{second['id']}/submit", {"heard": [registry.senior.id]}
    )
    begins = now() + timedelta(days=30)
    path_of_second = f"/v1/process_definitions/{second['id']}"
    body = await registry.publication(path_of_second, effective_at=instant(begins))
    assert body["differs_in"] == ["title", "purpose"]
    after = await registry.quality.post_ok(f"{path_of_second}/publish", body)
    assert (after["state"], after["edition"], after["purpose"]) == ("published", 2, "Speed.")
    before = await registry.quality.read(path)
    assert before["state"] == "superseded"
    [document] = (await registry.quality.read(f"{path}/documents"))["items"]
    assert document["state"] == "superseded"

    reason = {"retirement_reason": "It is done by robots."}
    another = await registry.approved_change("incident")  # to change it, not to retire it
    for named in ({}, {"process_change": approved}, {"process_change": another}):
        alone = await registry.quality.post(
            f"/v1/process_definitions/{second['id']}/retire", json={**reason, **named}
        )
        [error] = alone.json()["errors"]
        assert (error["pointer"], error["code"]) == ("/process_change", "retirement_without_approval")
    end = await registry.approved_change("incident", retires=True)
    retired = await registry.quality.post_ok(
        f"/v1/process_definitions/{second['id']}/retire", {**reason, "process_change": end}
    )
    done = await registry.quality.read(f"/v1/process_changes/{end}")
    assert (done["state"], done["retires"], done["definition_id"]) == ("published", True, second["id"])
    [decision] = (await registry.quality.read(f"/v1/process_changes/{end}/decisions"))["items"]
    assert decision["question"].startswith("Retire the process “Incident”: ")
    assert (retired["state"], retired["retirement_reason"]) == ("retired", "It is done by robots.")


async def test_the_expected_path_is_that_of_the_definition_in_force_then_and_else_the_shipped_one(
    registry: Registry,
) -> None:
    read = registry.api.ledger.db.rows
    shipped = await expected_path_of(read, "incidents", now())
    assert shipped is not None
    assert (shipped.process, shipped.source) == ("incident", "shipped")
    before, position = now(), await registry.api.head()
    first = await registry.published(process="incident", expected_path=PATH)
    path = await expected_path_of(read, "incident", now())
    assert path is not None
    assert path.source == first["number"]
    assert [(step.event, step.needed, step.repeatable, step.anywhere) for step in path.steps] == [
        ("incident.reported", True, False, False),
        ("incident.held", False, True, True),
        ("incident.resolved", True, False, False),
    ]
    # Neither before it was in force, nor by a log that does not have it yet.
    assert await expected_path_of(read, "incident", before) == shipped
    assert await expected_path_of(read, "incident", now(), position) == shipped

    begins = now() + timedelta(days=30)
    approved = [await registry.approved_change("incident")]
    draft = await registry.drafted(process="incident", expected_path=PATH[:1], process_changes=approved)
    await registry.owner.post_ok(f"{draft}/submit", {"heard": [registry.senior.id]})
    second = await registry.quality.post_ok(
        f"{draft}/publish", await registry.publication(draft, effective_at=instant(begins))
    )
    assert (await expected_path_of(read, "incident", now())) == path
    later = await expected_path_of(read, "incident", begins + timedelta(seconds=1))
    assert later is not None
    assert later.source == second["number"]
    end = await registry.approved_change("incident", retires=True)
    await registry.quality.post_ok(f"{draft}/retire", {"retirement_reason": "Over.", "process_change": end})
    assert await expected_path_of(read, "incident", begins + timedelta(days=1)) == shipped
    assert await expected_path_of(read, "billing", now()) is None


async def test_another_edition_is_published_only_with_the_approval_of_its_change(registry: Registry) -> None:
    first = await registry.published()
    early = await registry.submitted()
    approved = await registry.approved_change()
    await registry.drafted(process="problem")
    alien = await registry.approved_change("problem")
    refused = [early, await registry.submitted(), await registry.submitted(process_changes=[alien, approved])]
    for path in refused:
        answer = await registry.quality.post(f"{path}/publish", json=PUBLISHED)
        assert (answer.status_code, answer.json()["code"]) == (409, "edition_without_approval"), path
    end = await registry.approved_change(retires=True)
    retired = {"retirement_reason": "It begins from nothing again.", "process_change": end}
    await registry.quality.post_ok(f"/v1/process_definitions/{first['number']}/retire", retired)
    answer = await registry.quality.post(f"{refused[1]}/publish", json=PUBLISHED)
    assert answer.json()["code"] == "edition_without_approval", "although none is in force"
    second = await registry.published(process_changes=[approved])
    assert second["edition"] == 2


async def test_who_drafted_a_definition_does_not_publish_it(registry: Registry) -> None:
    both = await registry.api.client("Both", "quality_manager", "process_owner")
    draft = await both.post_ok("/v1/process_definitions", registry.contents())
    path = f"/v1/process_definitions/{draft['id']}"
    await both.post_ok(f"{path}/submit", {"heard": [registry.senior.id]})
    refused = await both.post(f"{path}/publish", json=PUBLISHED)
    assert (refused.status_code, refused.json()["code"]) == (403, "separation_of_duties")
    # Nor who has changed it since.
    other = await registry.drafted(process="paying")
    await registry.edit(both, other, purpose="All is paid.")
    await registry.owner.post_ok(f"{other}/submit", {"heard": [registry.senior.id]})
    refused = await both.post(f"{other}/publish", json=PUBLISHED)
    assert (refused.status_code, refused.json()["code"]) == (403, "separation_of_duties")


async def test_a_definition_says_all_that_is_needed_before_it_is_reviewed(registry: Registry) -> None:
    path = await registry.drafted(purpose=None)
    body = {"heard": [registry.senior.id]}
    refused = await registry.owner.post(f"{path}/submit", json=body)
    assert (refused.status_code, refused.json()["code"]) == (409, "definition_incomplete")
    contents = {"purpose": "All is paid.", "raci": [{"role": "agent", "part": "responsible"}]}
    await registry.edit(registry.designer, path, **contents)
    refused = await registry.owner.post(f"{path}/submit", json=body)
    assert (refused.status_code, refused.json()["code"]) == (409, "nobody_accountable")


async def test_what_does_not_fit_is_refused_where_it_stands(registry: Registry) -> None:
    async def because(**more: object) -> tuple[str, str]:
        answer = await registry.designer.post("/v1/process_definitions", json=registry.contents(**more))
        assert answer.status_code == 422, answer.text
        [error] = answer.json()["errors"]
        return error["pointer"], error["code"]

    assert await because(owner=registry.executor.id) == ("/owner", "not_senior")
    both = await registry.api.client("Both", Role.engineer, grade=Grade.senior)
    assert await because(owner=both.id, executor=both.id) == ("/owner", "owner_executes")
    assert await because(parent="billing") == ("/parent", "part_of_itself")
    assert await because(kpis=["incidents_closed", "luck"]) == ("/kpis/1", "unknown_value")
    steps = [{"event": "incident.reported"}, {"event": "incident.fixed"}]
    assert await because(process="incident", expected_path=steps) == (
        "/expected_path/1/event",
        "unknown_value",
    )
    invented = [{"event": "bill.sent"}, {"event": "incident.fixed"}]
    assert await because(expected_path=invented) == ("/expected_path/1/event", "unknown_value")
    twice = [{"event": "bill.sent"}, {"event": "bill.sent"}]
    assert await because(expected_path=twice) == ("/expected_path/1/event", "each_once")


async def test_an_edition_that_waits_for_its_day_is_replaced_by_a_later_one(registry: Registry) -> None:
    first = await registry.published()
    change, waiting = await registry.approved_change(), {"effective_at": instant(now() + timedelta(days=300))}
    second = await registry.submitted(process_changes=[change])
    far = {**PUBLISHED, "effective_at": instant(now() + timedelta(days=400))}
    refused = await registry.quality.post(f"{second}/publish", json=far)
    assert refused.json()["errors"][0]["code"] == "effective_too_late"
    await registry.quality.post_ok(f"{second}/publish", {**PUBLISHED, **waiting})
    assert await in_force(registry, days=1) == first["number"]
    third = await registry.submitted(process_changes=[await registry.approved_change()])
    published = await registry.quality.post_ok(f"{third}/publish", PUBLISHED)
    # The second edition never takes effect, not even on the day for which it was published.
    assert [await in_force(registry, days=days) for days in (1, 301)] == [published["number"]] * 2


async def in_force(registry: Registry, *, days: int) -> str:
    """The number of the edition that is in force so many days ahead."""
    read = partial(registry.reads().rows, guard=BY_RECORD_VERSION)
    editions = await definitions_in_force(read, ["billing"], now() + timedelta(days=days))
    return str(editions["billing"].number)


async def test_owner_and_executor_are_told_that_they_are_in_charge(registry: Registry) -> None:
    path = await registry.submitted()
    record = await registry.senior.read(path)
    assert record["owner"]["id"] == registry.senior.id
    assert (await registry.designer.read(path))["state"] == "in_review"
    stranger = await registry.api.client("Stranger")
    assert (await stranger.get(path)).status_code == 404


PARTS = [{"role": "process_owner", "part": "accountable"}]
CIRCLE = [
    {"title": "Count", "role": "agent", "inputs": ["Prices"], "outputs": ["Hours"]},
    {"title": "Price", "role": "agent", "inputs": ["Hours"], "outputs": ["Prices"]},
]


async def test_a_definition_does_not_contradict_itself(registry: Registry) -> None:
    path = await registry.drafted(none_because=[], outputs=[])
    reason = {"name": "outputs", "reason": "The tool does it."}

    async def refused(**body: object) -> list[tuple[str, str]]:
        answer = await registry.designer.patch(path, json=body, headers={"If-Match": "*"})
        return [(error["pointer"], error["code"]) for error in answer.json().get("errors", ())]

    faults = [("/none_because/0/name", "content_is_given")]
    assert await refused(none_because=[reason], outputs=["A bill"]) == faults
    assert await refused(none_because=[reason]) == []
    assert await refused(outputs=["A bill"]) == [], "the reason may go later, before the review"
    assert await refused(none_because=[reason]) == faults
    heard = {"heard": [registry.executor.id]}
    answer = await registry.owner.post(f"{path}/submit", json=heard)
    assert answer.json()["code"] == "definition_contradicts"

    both = [{"role": role, "part": "accountable"} for role in ("process_owner", "agent")]
    assert await refused(raci=both) == [("/raci/1/part", "accountable_already")]
    of_one = [{**both[0], "activity": "Count"}, {**both[1], "activity": "count"}]
    assert await refused(raci=of_one) == [("/raci/1/part", "accountable_already")]
    assert await refused(raci=[both[0], {**both[1], "activity": "Count"}]) == [], "for one activity of it"


async def test_a_definition_has_all_contents_or_says_why_it_has_none(registry: Registry) -> None:
    path = await registry.drafted(none_because=[], outputs=[])
    heard = {"heard": [registry.executor.id]}

    async def refused(**body: object) -> str:
        answer = await registry.owner.post(f"{path}/submit", json={**heard, **body})
        problem = answer.json()
        return str(next((error["code"] for error in problem.get("errors") or ()), problem["code"]))

    assert await refused() == "definition_lacks_contents"
    reasons = [{"name": name, "reason": "The tool does it."} for name in (*NOT_NEEDED, "outputs")]
    await registry.designer.patch(path, json={"none_because": reasons[:-1]}, headers={"If-Match": "*"})
    assert await refused() == "definition_lacks_contents"
    await registry.designer.patch(path, json={"none_because": reasons}, headers={"If-Match": "*"})
    roleless = {"activities": [{"title": "Count"}]}
    await registry.designer.patch(path, json=roleless, headers={"If-Match": "*"})
    assert await refused() == "activity_of_nobody"
    for changes, code in (
        ({"activities": [{"title": "Count", "role": "agent"}] * 2}, "activities_of_one_name"),
        ({"activities": [{"title": "Price", "role": "agent"}]}, "part_in_no_activity"),
        ({"activities": CIRCLE, "raci": PARTS}, "steps_in_a_circle"),
    ):
        parts = {"raci": [*PARTS, {"role": "agent", "part": "responsible", "activity": "count"}]}
        await registry.designer.patch(path, json=parts | changes, headers={"If-Match": "*"})
        assert await refused() == code
    activities = [{"title": "Count", "role": "agent", "outputs": ["Hours"]}]
    await registry.designer.patch(path, json={"activities": activities}, headers={"If-Match": "*"})
    for heard_of_two in ([registry.designer.id], ["me"], ["me", registry.designer.id]):
        assert await refused(heard=heard_of_two) == "only_author_heard"
    await registry.owner.post_ok(f"{path}/submit", heard)
    page = (await registry.owner.get(f"{path}/page")).text
    assert "Outputs: none, because The tool does it." in page
    drawn = await registry.owner.get(f"{path}/bpmn")
    assert drawn.headers["content-type"].startswith("application/xml")
    assert ['name="Count"' in drawn.text, "⇒ Hours" in drawn.text] == [True, True]


async def test_a_decision_has_outcomes_and_an_interface_another_process(registry: Registry) -> None:
    contents = {"decision_points": [{"title": "Is it paid?"}], "interfaces": []}
    reasons = [
        {"name": name, "reason": "The tool does it."} for name in NOT_NEEDED if name != "decision_points"
    ]
    no_interfaces = [reason for reason in reasons if reason["name"] == "interfaces"]
    reasons = [reason for reason in reasons if reason not in no_interfaces]
    path = await registry.drafted(**contents, none_because=[*reasons, *no_interfaces])
    submitted: Json = {"heard": [registry.executor.id]}

    async def refused(**changes: object) -> str:
        await registry.edit(registry.designer, path, **changes)
        return str((await registry.owner.post(f"{path}/submit", json=submitted)).json()["code"])

    no_outcomes = [{"title": "Is it paid?", "outcomes": []}]
    assert await refused(decision_points=no_outcomes, title="Billing") == "decision_without_outcomes"
    one_outcome = [{"title": "Is it paid?", "outcomes": ["Yes", " yes"]}]
    assert await refused(decision_points=one_outcome) == "decision_without_outcomes"
    two_outcomes = [{"title": "Is it paid?", "outcomes": ["Yes: close it", "No: remind"]}]
    for partner in ("billing", "x"):
        interfaces = [{"process": partner, "hand_over": "The bill."}]
        code = await refused(decision_points=two_outcomes, interfaces=interfaces, none_because=reasons)
        assert code == "interface_without_process", partner
    await registry.edit(
        registry.designer, path, interfaces=[{"process": "problem", "hand_over": "The bill."}]
    )
    assert (await registry.owner.post_ok(f"{path}/submit", submitted))["state"] == "in_review"
