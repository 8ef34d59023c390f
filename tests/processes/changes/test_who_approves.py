"""Who approves a change: by its risk, by the rules that are set, and never whom the asker chooses."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.common.people import Role
from app.foundation.people.records import TeamKind
from app.ticketing.records import LinkKind
from tests.client import Api, Client, Json, an_incident
from tests.extent import first_of, in_test_all
from tests.processes.changes.samples import Board, a_change, assessment, put_into_use
from tests.processes.changes.test_questionnaires import agreed
from tests.processes.improvement_suggestions.samples import tell

DAY = 86_400


async def service(api: Api, key: str, criticality: str = "high") -> Client:
    """Who owns a new service of that key."""
    owner = await api.client(f"Owner of {key}", Role.service_level_manager)
    names = {"key": key, "name_en": key.capitalize(), "name_zh": "服务"}
    await owner.post_ok("/v1/services", {**names, "criticality": criticality, "owner": "me"})
    await owner.post_ok(f"/v1/services/{key}/go_live")
    return owner


async def previewed(client: Client, path: str, decision: str = "change") -> Json:
    """Who would vote on the change."""
    items = (await client.read(f"{path}/approval_preview"))["items"]
    (preview,) = [item for item in items if item["decision"] == decision]
    return dict(preview)


async def asked(client: Client, path: str) -> Json:
    """The question that was put about the change, with the ids of its voters."""
    decision = (await client.read(f"{path}/decisions"))["items"][-1]
    ballots = (await client.read(f"{path}/votes", limit=200))["items"]
    voters = {ballot["person"]["id"] for ballot in ballots if ballot["decision_id"] == decision["id"]}
    return {**decision, "voters": voters}


def people(clients: Any) -> set[str]:
    """The ids of clients, or of persons as others refer to them."""
    return {client["id"] if isinstance(client, dict) else client.id for client in clients}


async def wrong(client: Client, path: str, body: Json | None = None) -> tuple[int, list[tuple[str, str]]]:
    """The refusal of what the client sends: where, and why."""
    answer = await client.post(path, json=body or {})
    errors = answer.json().get("errors", [])
    return answer.status_code, [(error["pointer"], error["code"]) for error in errors]


async def is_asked_as_previewed(client: Client, path: str, decision: str = "change", **fields: Any) -> Json:
    """The question that the client puts: the preview has said all of it."""
    before = await previewed(client, path, decision)
    action = "request_approval" if decision == "change" else "request_emergency_approval"
    await client.post_ok(f"{path}/{action}", {"question": "Shall it be made?", **fields})
    question = await asked(client, path)
    assert before["refusal"] is None
    assert people(before["voters"]) == question["voters"]
    left_out = [
        {"person": exclusion["person"]["id"], "because": exclusion["because"]}
        for exclusion in before["left_out"]
    ]
    assert left_out == question["left_out"]
    for name in ("decision", "rules", "rule", "quorum"):
        assert before[name] == question[name], name
    ends = [datetime.fromisoformat(poll["due_at"]) for poll in (before, question)]
    assert timedelta(0) <= ends[1] - ends[0] < timedelta(minutes=1)
    return question


async def test_changes_of_each_risk_are_approved_by_others_as_the_preview_says(board: Board) -> None:
    owner = await service(board.api, "mail")
    head = await board.api.client("Head", Role.department_head)
    expected: dict[str, tuple[str, set[str], str, int]] = {
        "low": ("change_low_risk", people([board.approver, owner]), "majority", 1),
        "medium": ("change", people([board.member, owner]), "majority", 2),
        "high": ("change_high_risk", people([board.member, owner, head]), "unanimous", 3),
    }
    for level, (rule, voters, counted, quorum) in expected.items():
        path = await board.assessed(level)
        question = await is_asked_as_previewed(board.manager, path)
        assert question["voters"] == voters, level
        assert question["rules"] == [{"rule": rule, "edition": 0}]
        assert (question["rule"], question["quorum"]) == (counted, quorum)


async def test_one_vote_approves_what_is_of_low_risk_and_all_are_needed_for_what_is_of_high(
    board: Board,
) -> None:
    head = await board.api.client("Head", Role.department_head)
    low, high = await board.assessed("low"), await board.assessed("high")
    for path in (low, high):
        await board.manager.post_ok(f"{path}/request_approval", board.question())
    for path, voter, state in (
        (low, board.approver, "approved"),
        (high, board.member, "awaiting_approval"),
        (high, head, "approved"),
    ):
        vote = {"decision": (await asked(voter, path))["id"], "verdict": "approve"}
        assert (await voter.post_ok(f"{path}/vote", vote))["state"] == state


async def test_a_change_of_more_than_low_risk_is_not_asked_of_one_person_alone(board: Board) -> None:
    path = await board.assessed("medium")
    preview = await previewed(board.manager, path)
    assert preview["refusal"]["code"] == "too_few_may_decide"
    assert (preview["voters"], preview["rule"], preview["quorum"]) == ([], None, None)
    refused = await board.manager.post(f"{path}/request_approval", json=board.question())
    assert (refused.status_code, refused.json()["code"]) == (409, "too_few_may_decide")
    assert refused.json()["detail"] == preview["refusal"]["detail"]
    assert (await board.manager.read(path))["state"] == "assessed"


@in_test_all
async def test_voters_of_rules_that_are_equally_specific_are_joined_by_the_stricter_terms(
    board: Board,
) -> None:
    conditions = [{"field": "risk_level", "any_of": ["medium", "high"]}]
    first = {
        "conditions": [*conditions, {"field": "services", "any_of": ["mail"]}],
        "voters": [{"role": "cab_member"}],
        "rule": "unanimous",
        "quorum": 1,
        "due_within_seconds": 3 * DAY,
    }
    second = {
        "conditions": [*conditions, {"field": "services", "any_of": ["web"]}],
        "voters": [{"role": "department_head"}, {"role": "cab_member"}],
        "rule": "majority",
        "quorum": 2,
        "due_within_seconds": 2 * DAY,
    }
    await board.rule("mail", **first)
    await board.rule("web", **second)
    members = [await board.api.client(name, Role.cab_member) for name in ("Nils", "Ines")]
    head = await board.api.client("Head", Role.department_head)
    both = await board.assessed("medium", services=["mail", "web"])
    question = await is_asked_as_previewed(board.manager, both)
    assert question["voters"] == people([board.member, *members, head])
    assert question["rules"] == [{"rule": "mail", "edition": 1}, {"rule": "web", "edition": 1}]
    assert (question["rule"], question["quorum"]) == ("unanimous", 2)
    left = datetime.fromisoformat(question["due_at"]) - datetime.now(UTC)
    assert timedelta(days=2, minutes=-5) < left <= timedelta(days=2)
    question_for_web = await is_asked_as_previewed(
        board.manager, await board.assessed("medium", services=["web"])
    )
    assert (question_for_web["rules"], question_for_web["rule"]) == (
        [{"rule": "web", "edition": 1}],
        "majority",
    )
    shipped = await is_asked_as_previewed(board.manager, await board.assessed("medium", services=["erp"]))
    assert shipped["rules"] == [{"rule": "change", "edition": 0}], "neither is for it"


@in_test_all
async def test_rules_for_classes_of_items_hold_for_changes_of_these_alone(board: Board) -> None:
    keeper = await board.api.client("Keeper of data", Role.problem_manager)
    of_data = [{"field": "ci_classes", "any_of": ["database"]}]
    voters = [{"role": "problem_manager"}]
    await board.rule("data", conditions=of_data, voters=voters, least_voters=1)
    await board.ci("orders", ci_class="database")
    await board.ci("relay", ci_class="server")
    for items, expected in ((["relay", "orders"], {keeper.id}), (["relay"], people([board.approver]))):
        path = await board.assessed("low", cis=items)
        question = await is_asked_as_previewed(board.manager, path)
        assert question["voters"] >= expected
        assert (keeper.id in question["voters"]) == ("orders" in items)


@in_test_all
async def test_the_assessed_risk_is_what_chooses_and_a_new_assessment_asks_others(board: Board) -> None:
    await board.api.client("Nils", Role.cab_member)
    path = await board.assessed("low")
    assert (await previewed(board.manager, path))["rules"] == [{"rule": "change_low_risk", "edition": 0}]
    await board.manager.post_ok(f"{path}/request_approval", board.question())
    await board.vote(path, "defer")
    await board.agent.post_ok(f"{path}/resubmit", {"answer": "It is larger than it seemed."})
    await board.manager.post_ok(f"{path}/assess", assessment("medium"))
    assert (await previewed(board.manager, path))["rules"] == [{"rule": "change", "edition": 0}]


@pytest.mark.parametrize("until", first_of([8, 7], 1))
async def test_a_question_ends_when_the_rule_says_or_sooner(board: Board, until: int) -> None:
    path = await board.assessed()
    due_at = (datetime.now(UTC) + timedelta(days=until, minutes=-1)).isoformat().replace("+00:00", "Z")
    answer = await board.manager.post(f"{path}/request_approval", json=board.question(due_at=due_at))
    if until == 7:
        assert datetime.fromisoformat((await asked(board.manager, path))["due_at"]) == datetime.fromisoformat(
            due_at
        )
    else:
        (wrong,) = answer.json()["errors"]
        assert (answer.status_code, wrong["pointer"], wrong["code"]) == (422, "/due_at", "later_than_rule")


async def test_only_staff_who_see_the_change_are_told_who_would_approve_it(board: Board) -> None:
    path = await board.assessed()
    assert people((await previewed(board.engineer, path))["voters"]) == people([board.approver])
    customer = await board.api.client("Carla")
    assert (await customer.get(f"{path}/approval_preview")).status_code == 404
    theirs = await board.drafted(requester=customer.id)
    assert (await customer.get(f"/v1/changes/{theirs['id']}/approval_preview")).status_code == 403


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [({"calendar": "nowhere"}, "/definition/calendar"), ({"voters": [{"group": "x"}]}, "/definition/voters")],
)
async def test_a_rule_names_calendars_and_groups_that_are_there(api: Api, wrong: Json, pointer: str) -> None:
    owner = await api.client("Olaf", Role.process_owner)
    definition = {"voters": [{"role": "cab_member"}], "rule": "majority", **wrong}
    body = {"key": "ours", "decision": "change", "name": "Ours", "definition": definition}
    refused = await owner.post("/v1/approval_rules", json=body)
    (error,) = refused.json()["errors"]
    assert (refused.status_code, error["pointer"], error["code"]) == (422, pointer, "unknown_value")


async def test_staff_read_the_rules_in_force_and_nobody_else(board: Board) -> None:
    path = "/v1/approval_rules/in_force"
    customer = await board.api.client("Carla")
    refused = await customer.get(path)
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    shipped = (await board.engineer.read(path, decision="change"))["items"]
    assert [(rule["key"], rule["edition"], rule["set_by"]) for rule in shipped] == [
        (key, 0, None) for key in ("change", "change_high_risk", "change_low_risk")
    ]
    await board.rule("change_low_risk", voters=[{"role": "cab_member"}], quorum=2)
    (ours,) = [item for item in (await board.engineer.read(path))["items"] if item["edition"]]
    assert (ours["key"], ours["name"], ours["set_by"]["name"]) == (
        "change_low_risk",
        "Changes of ours",
        "Quirin",
    )
    assert ours["definition"]["voters"][0]["role"] == "cab_member"


async def test_an_owner_named_by_the_drafter_or_since_the_draft_has_no_seat(board: Board) -> None:
    owner = await service(board.api, "mail")
    drafter, manager = [await board.api.client(name, Role.service_level_manager) for name in ("Slm", "Else")]
    path = f"/v1/changes/{(await drafter.post_ok('/v1/changes', a_change()))['id']}"
    await drafter.post_ok(f"{path}/submit")
    await board.manager.post_ok(f"{path}/assess", assessment("low"))
    for person in (drafter, manager):
        friend = await board.api.client("Friend", Role.engineer)
        answer = await person.patch("/v1/services/mail", json={"owner": friend.id}, headers={"If-Match": "*"})
        assert answer.status_code == 200, answer.text
        preview = await previewed(board.manager, path)
        assert people(preview["voters"]) == people([board.approver, owner]), person
        because = "named_by_party" if person is drafter else "came_later"
        assert reasons(preview)[friend.id] == because, "the owner sees why there is no vote"


async def test_an_owner_named_by_a_transfer_that_the_drafter_ordered_has_no_seat(board: Board) -> None:
    owner = await service(board.api, "mail")
    drafter = await board.api.client("Slm", Role.service_level_manager)
    friend = await board.api.client("Friend", Role.service_level_manager)
    path = f"/v1/changes/{(await drafter.post_ok('/v1/changes', a_change()))['id']}"
    await drafter.post_ok(f"{path}/submit")
    await board.manager.post_ok(f"{path}/assess", assessment("low"))
    admin = await board.api.client("Ada", Role.admin)
    await admin.post_ok(f"/v1/persons/{owner.id}/deactivate")
    order = {"new_holder": friend.id, "kinds": ["service"]}
    await drafter.post_ok(f"/v1/persons/{owner.id}/transfer_duties", order)
    await tell(board.api)
    assert (await drafter.read("/v1/services/mail"))["owner"]["id"] == friend.id
    preview = await previewed(board.manager, path)
    assert people(preview["voters"]) == people([board.approver])
    assert reasons(preview)[friend.id] == "named_by_party"


async def test_no_owner_of_one_service_approves_for_the_owner_of_another(board: Board) -> None:
    plant, friend, third = [await service(board.api, key) for key in ("plant", "mate", "mate-2")]
    path = await board.assessed("low", services=["plant", "mate", "mate-2"])
    await board.manager.post_ok(f"{path}/request_approval", board.question())
    question = await asked(board.manager, path)
    ballots = (await board.manager.read(f"{path}/votes"))["items"]
    assert {b["person"]["id"]: b["services"] for b in ballots} == {
        plant.id: ["plant"],
        friend.id: ["mate"],
        third.id: ["mate-2"],
        board.approver.id: None,
    }
    vote = {"decision": question["id"], "verdict": "approve"}
    for owner in (friend, third):
        assert (await owner.post_ok(f"{path}/vote", vote))["state"] == "awaiting_approval", owner
    assert (await plant.post_ok(f"{path}/vote", vote))["state"] == "approved"


async def test_no_answer_is_lower_than_what_is_recorded(board: Board) -> None:
    await service(board.api, "plant")
    items = [await board.ci(key) for key in ("app", "db")]
    await board.relate(items[0]["id"], "depends_on", items[1]["id"])
    answers: list[Json] = []
    for item in ("app", "db"):
        path = await board.submitted(services=["plant"], cis=[item])
        answers.append((await board.manager.post_ok(f"{path}/assess", assessment("low")))["risk_answers"])
    assert [answer["service_criticality"] for answer in answers] == ["high", "high"]
    assert [answer["dependencies"] for answer in answers] == ["none", "some"]


async def test_a_service_counts_as_critical_as_it_was_shortly_before_the_draft(board: Board) -> None:
    owner = await service(board.api, "plant")
    draft = f"/v1/changes/{(await board.drafted(services=['plant']))['id']}"
    lowered = await owner.patch("/v1/services/plant", json={"criticality": "low"}, headers={"If-Match": "*"})
    assert lowered.status_code == 200, lowered.text
    later = f"/v1/changes/{(await board.drafted(services=['plant']))['id']}"
    await owner.post_ok("/v1/services/plant/retire", {})
    for path in (draft, later):
        await board.agent.post_ok(f"{path}/submit")
        assessed = await board.manager.post_ok(f"{path}/assess", assessment("low"))
        assert assessed["risk_answers"]["service_criticality"] == "high"


async def test_a_change_of_a_critical_service_is_at_least_of_medium_risk(board: Board) -> None:
    await service(board.api, "erp", "critical")
    path = await board.submitted(services=["erp"])
    assessed = await board.manager.post_ok(f"{path}/assess", assessment("low"))
    assert assessed["risk_level"] == "medium"
    preview = await previewed(board.manager, path)
    assert [rule["rule"] for rule in preview["rules"] or [{"rule": "change"}]] == ["change"]


async def test_an_owner_who_took_the_place_of_another_votes_once_that_person_has_left(board: Board) -> None:
    owner = await service(board.api, "mail")
    taker = await board.api.client("Else", Role.service_level_manager)
    answer = await taker.patch("/v1/services/mail", json={"owner": taker.id}, headers={"If-Match": "*"})
    assert answer.status_code == 200, answer.text
    path = await board.assessed("low")
    preview = await previewed(board.manager, path)
    assert people(preview["voters"]) == people([board.approver, owner])
    assert reasons(preview)[taker.id] == "took_over"
    admin = await board.api.client("Ada", Role.admin)
    await admin.post_ok(f"/v1/persons/{owner.id}/deactivate")
    preview = await previewed(board.manager, path)
    assert people(preview["voters"]) == people([board.approver, taker])
    assert taker.id not in reasons(preview)


def reasons(preview: Json) -> dict[str, str]:
    """Why people are left out, by id."""
    return {row["person"]["id"]: row["because"] for row in preview["left_out"]}


REQUEST: Json = {"title": "A VPN profile", "description": "For all.", "channel": "portal", "urgency": "3"}


async def test_the_requester_of_the_request_behind_a_change_does_not_vote_on_it(board: Board) -> None:
    requester, named = [await board.api.client(name, Role.change_manager) for name in ("Ada", "Bo")]
    await put_into_use(board.api.ledger, ["mail"])
    body = {**REQUEST, "service": "mail"}
    own = await requester.post_ok("/v1/requests", body)
    for_another = await board.agent.post_ok("/v1/requests", {**body, "requester": named.id})
    everybody = [board.approver, requester, named]
    for request, voters in ((own, [board.approver, named]), (for_another, everybody)):
        path = await board.assessed("low", request=request["id"])
        preview = await previewed(board.manager, path)
        assert people(preview["voters"]) == people(voters)
    await board.api.client("Cy", Role.change_manager)
    incident = await named.post_ok("/v1/incidents", an_incident())
    linker = await board.api.client("Lia", Role.agent, Role.change_manager, Role.incident_manager)
    for kind, wish in (("implements", own), ("resolves", own), ("resolves", incident)):
        path = await board.assessed("low")
        wisher, namer = (requester, linker) if wish is own else (named, named)
        await namer.post_ok(f"{path}/link", {"kind": kind, "other": wish["id"]})
        (link,) = (await linker.read(f"{path}/links"))["items"]
        assert wisher.id not in people((await previewed(board.manager, path))["voters"]), kind
        await linker.post_ok(f"{path}/unlink", {"link": link["id"]})
        assert wisher.id not in people((await previewed(board.manager, path))["voters"]), "by the log"
    await named.post_ok(f"/v1/requests/{for_another['id']}/comment", {"text": "It is urgent."})
    path = await board.assessed("low", request=for_another["id"])
    assert named.id not in people((await previewed(board.manager, path))["voters"]), "an act of their own"
    filed = await board.approver.post_ok("/v1/requests", {**body, "requester": named.id})
    path = await board.assessed("low", request=filed["id"])
    assert board.approver.id not in people((await previewed(board.manager, path))["voters"]), "filed it"


async def test_no_link_that_another_person_makes_takes_a_vote(board: Board) -> None:
    """Whatever is linked how: those who asked for other things, or reported an incident, keep the vote."""
    await put_into_use(board.api.ledger, ["mail", "web"])
    voters = [await board.api.client(name, Role.change_manager) for name in ("Ada", "Bo", "Cy")]
    wishes = [
        await voters[0].post_ok("/v1/requests", {**REQUEST, "service": "web"}),
        await voters[0].post_ok("/v1/requests", REQUEST),
        await voters[1].post_ok("/v1/incidents", an_incident()),
        await board.agent.post_ok("/v1/requests", {**REQUEST, "service": "mail", "requester": voters[2].id}),
    ]
    linker = await board.api.client("Lia", Role.agent, Role.incident_manager)
    path = await board.assessed("low", request=wishes[0]["id"])
    for kind in LinkKind:
        for wish in wishes:
            answer = await linker.post(f"{path}/link", json={"kind": kind.value, "other": wish["id"]})
            assert answer.status_code in (200, 422), answer.text
        preview = await previewed(board.manager, path)
        assert people(preview["voters"]) == people([board.approver, *voters]), kind
    await board.manager.post_ok(f"{path}/request_approval", board.question())
    ballots = (await board.manager.read(f"{path}/votes"))["items"]
    named_by = {ballot["person"]["id"]: ballot["named_by"] and ballot["named_by"]["id"] for ballot in ballots}
    assert named_by[voters[1].id] == linker.id, "shown as named by the person who linked"


async def test_whoever_a_link_leaves_out_is_told_and_objects(board: Board) -> None:
    asker = await board.api.client("Ada", Role.change_manager)
    await put_into_use(board.api.ledger, ["mail"])
    wish = await asker.post_ok("/v1/requests", {**REQUEST, "service": "mail"})
    path = await board.assessed("low")
    await board.agent.post_ok(f"{path}/link", {"kind": "implements", "other": wish["id"]})
    assert asker.id not in people((await previewed(board.manager, path))["voters"])
    statement = (await asker.read(f"{path}/statements"))["items"][-1]
    assert (statement["fact"], statement["person"]["id"]) == ("asked_for", asker.id)
    await asker.post_ok(f"{path}/object_to_statement", {"objection": "I asked for another thing."})
    assert asker.id in people((await previewed(board.manager, path))["voters"])
    await board.agent.post_ok(f"{path}/link", {"kind": "resolves", "other": wish["id"]})
    assert asker.id in people((await previewed(board.manager, path))["voters"]), "the same wish again"


async def test_the_preview_of_a_template_names_those_whom_approve_asks(board: Board) -> None:
    await service(board.api, "erp", "critical")
    author = await board.api.client("Author", Role.process_owner)
    texts = {
        name: f"Restart it ({name})."
        for name in ("title", "description", "plan", "test_plan", "back_out_plan")
    }
    template = {"key": "restart", "risk_level": "low", "services": ["erp"], **texts}
    path = f"/v1/change_templates/{(await author.post_ok('/v1/change_templates', template))['id']}"
    preview = await previewed(board.manager, path)
    await board.manager.post_ok(f"{path}/approve")
    question = await asked(board.manager, path)
    assert people(preview["voters"]) == question["voters"]
    assert (preview["rules"], preview["quorum"]) == (question["rules"], question["quorum"])


async def test_a_questionnaire_of_the_assessor_or_of_later_lowers_no_risk(board: Board) -> None:
    paths = [await board.submitted(), await board.submitted()]
    usual = await board.manager.read("/v1/risk_questionnaires/current")
    points = sum(max(answer["points"] for answer in question["answers"]) for question in usual["questions"])
    questionnaire = {"questions": usual["questions"], "medium_from": points - 1, "high_from": points}
    second_person = await board.api.client("Quinn", Role.quality_manager)
    for setter, path in zip((board.manager, board.approver), paths, strict=True):
        await agreed(setter, second_person, questionnaire)
        assessed = await board.manager.post_ok(f"{path}/assess", assessment("medium"))
        assert assessed["risk_level"] == "medium"
    questions = [{**usual["questions"][0], "key": "ours"}]
    await agreed(board.manager, second_person, {"questions": questions, "medium_from": 1, "high_from": 2})
    body = {**assessment("low"), "risk_answers": {"ours": questions[0]["answers"][0]["key"]}}
    path = await board.submitted()
    await put_into_use(board.api.ledger, ["mail"])
    refused = await board.manager.post(f"{path}/assess", json=body)
    assert refused.json()["errors"][0]["code"] == "own_questionnaire"
    assert (await board.approver.post_ok(f"{path}/assess", body))["risk_level"] == "low"


async def test_a_role_that_decides_gives_no_vote_to_an_auditor_or_to_another_side(board: Board) -> None:
    await board.api.team("fitters", TeamKind.supplier)
    await board.api.team("sales", TeamKind.customer)
    await board.rule(  # as a directory's groups or the command line may have granted the roles
        "ours",
        voters=[{"role": "change_manager"}, {"role": "department_head"}],
    )
    managers = [
        await board.api.client(f"Manager of {team}", Role.change_manager, teams=(team,))
        for team in ("fitters", "sales")
    ]
    heads = [
        await board.api.client(f"Head of {team}", Role.department_head, teams=(team,))
        for team in ("fitters", "sales")
    ]
    auditor = await board.api.client("Auditor", Role.change_manager, Role.auditor)
    voters = people((await previewed(board.manager, await board.assessed("medium")))["voters"])
    assert voters & people([*managers, *heads, auditor]) == {heads[1].id}


async def test_the_same_people_vote_whether_or_not_a_party_lowers_the_criticality(board: Board) -> None:
    voters = []
    for key in ("plant", "press"):
        owner = await service(board.api, key)
        path = await board.submitted(services=[key])
        if key == "press":
            await owner.patch("/v1/services/press", json={"criticality": "low"}, headers={"If-Match": "*"})
        answers = {**assessment("low")["risk_answers"], "users_affected": "department", "window": "announced"}
        body = {**assessment("low"), "risk_answers": answers}
        assert (await board.manager.post_ok(f"{path}/assess", body))["risk_level"] == "medium"
        voters.append(people((await previewed(board.manager, path))["voters"]) - {owner.id})
    assert voters[0] == voters[1]


async def test_people_who_left_audit_or_work_for_a_supplier_are_no_requesters(board: Board) -> None:
    await board.api.team("fitters", TeamKind.supplier)
    leaver = await board.api.client("Lea", teams=("network",))
    admin = await board.api.client("Ada", Role.admin)
    await admin.post_ok(f"/v1/persons/{leaver.id}/deactivate")
    auditor = await board.api.client("Auditor", Role.auditor)
    fitter = await board.api.client("Fitter", teams=("fitters",))
    for person, code in (
        (leaver, "person_inactive"),
        (auditor, "not_of_the_organisation"),
        (fitter, "not_of_the_organisation"),
    ):
        answer = await wrong(board.agent, "/v1/changes", a_change(team="network", requester=person.id))
        assert answer == (422, [("/requester", code)]), person
    customer = await board.api.client("Cora")
    drafted = await board.drafted(requester=customer.id)
    assert drafted["requester"]["id"] == customer.id
