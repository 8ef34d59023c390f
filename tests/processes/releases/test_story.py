"""A release's whole story over HTTP: its gates, a change of its plan, a no, a go, deployment and the end."""

from __future__ import annotations

from uuid import uuid4

import pytest

from app.common.people import Role
from app.processes.releases.default_stages import DEFAULT_STAGES
from tests.client import Api, Client
from tests.extent import in_test_all
from tests.processes.changes.samples import a_board
from tests.processes.releases.samples import Makers, a_release, errors, makers_of, vote


@pytest.fixture
async def makers(api: Api) -> Makers:
    return await makers_of(api)


async def event_types(client: Client, path: str) -> list[str]:
    return [event["type"] for page in await client.pages(f"{path}/events") for event in page]


async def pass_all_gates(makers: Makers, path: str) -> None:
    """Each gate is passed by whoever holds its role, of documents that somebody else has written."""
    for n in range(7):
        client = {0: makers.head, 6: makers.change}.get(n, makers.manager)
        author = makers.manager if n in (0, 6) else makers.tester if n == 5 else makers.developer
        body = {"external_numbers": [f"DOC{n}"], "author": author.id}
        record = await client.post_ok(f"{path}/pass_gate", body)
        assert record["stages_passed"] == n + 1
        assert record["state"] == ("ready" if n == 6 else "in_stage")
    assert record["stage"] is None


async def test_a_release_goes_through_all_gates_with_a_plan_change_and_a_no_and_is_rolled_back(
    makers: Makers,
) -> None:
    path = await makers.planned(stages=[])
    stages = (await makers.manager.read(f"{path}/stages"))["items"]
    assert [stage["key"] for stage in stages][:2] == ["initiation", "requirements"]
    assert [stage["place"] for stage in stages] == list(range(1, 8))
    await pass_all_gates(makers, path)

    past = plan_change(makers, target_at="1990-01-01T00:00:00Z")
    refused = await makers.manager.post(f"{path}/change_plan", json=past)
    assert errors(refused.json()) == [("/target_at", "not_ahead")]
    proposed = await makers.manager.post_ok(f"{path}/change_plan", plan_change(makers))
    assert proposed["target_at"] is None
    changed = await vote(makers.head, path, "approve")
    assert (changed["target_at"], changed["plan"]) == ("2027-05-01T00:00:00.000000Z", "A day later.")
    assert (changed["plan_changes"], changed["plan_change_id"]) == (1, None)

    await makers.asked_for_go(path)
    back = await makers.go(path, "reject")
    assert (back["state"], back["go"], back["stage"]) == ("in_stage", False, "publication")
    assert back["stages_passed"] == 6
    again = await makers.change.post_ok(f"{path}/pass_gate", {"external_numbers": ["git 4f2a91d"]})
    assert (again["state"], again["go"]) == ("ready", None)
    await makers.asked_for_go(path, conditions="Only at night.")
    going = await makers.go(path, "approve")
    assert (going["state"], going["go"], going["go_conditions"]) == ("ready", True, "Only at night.")

    await deploy_and_roll_back(makers, path)
    assert await event_types(makers.manager, path) == [
        "release.planned",
        *["release.gate_passed"] * 7,
        *("release.plan_change_proposed", "release.voted", "release.plan_changed"),
        *("release.go_requested", "release.voted", "release.voted", "release.go_decided"),
        "release.gate_passed",
        *("release.go_requested", "release.voted", "release.voted", "release.go_decided"),
        "release.deployed",
        "release.rolled_back",
    ]


async def deploy_and_roll_back(makers: Makers, path: str) -> None:
    """The release is deployed by one of its team and taken back by another, with its deployment."""
    revisions = [{"revision": "4f2a91c", "committed_at": "2026-01-01T08:00:00Z"}]
    body = {"what": "Version 4.2 on both relays.", "revisions": revisions}
    deployed = await makers.developer.post_ok(f"{path}/deploy", body)
    assert deployed["state"] == "deployed"
    deployment = f"/v1/deployments/{deployed['deployment_id']}"
    answer = await makers.developer.read(deployment)
    assert (answer["state"], answer["service"], answer["environment"]) == ("succeeded", "mail", "staging")
    assert (answer["release_id"], answer["ended_at"]) == (deployed["id"], deployed["deployed_at"])
    assert answer["revisions"] == [{**revisions[0], "committed_at": "2026-01-01T08:00:00.000000Z"}]
    rolled = await makers.tester.post_ok(f"{path}/roll_back", {"reason": "Mail is lost."})
    assert rolled["state"] == "rolled_back"
    assert (await makers.developer.read(deployment))["state"] == "rolled_back"


async def test_whoever_is_of_the_team_deploys_whatever_roles_they_hold(api: Api, makers: Makers) -> None:
    member = await api.client("Member", teams=("network",))
    record_path = await makers.with_go()
    await makers.manager.post_ok(f"{record_path}/follow", {"person": member.id})
    deployed = await member.post_ok(f"{record_path}/deploy", {"what": "Version 4.2."})
    path = f"/v1/deployments/{deployed['deployment_id']}"
    assert (await member.read(path))["author"]["name"] == "Member"
    direct = {"service": "mail", "environment": "production"}
    assert (await member.post("/v1/deployments", json=direct)).status_code == 403
    assert (await member.post_ok(f"{record_path}/roll_back", {"reason": "It is slow."}))[
        "state"
    ] == "rolled_back"


@in_test_all
async def test_a_release_and_its_deployment_name_the_changes_in_them(api: Api) -> None:
    board = await a_board(api)
    change = await board.manager.read(await board.approved())
    manager = await api.client("Petra", Role.project_manager, Role.department_head)
    release = a_release(changes=[change["number"]], stages=[{"key": "build"}])
    record = await manager.post_ok("/v1/releases", release)
    assert record["change_ids"] == [change["id"]]
    twice = await manager.post("/v1/releases", json=release | {"changes": [change["number"], change["id"]]})
    assert errors(twice.json()) == [("/changes", "each_once")]
    path = f"/v1/releases/{record['id']}"
    head = await api.client("Head", Role.department_head)
    await Makers((manager, board.engineer, head), head, (head, head)).ask_to_leave_out(path)
    await vote(head, path, "approve")
    passed = {"external_numbers": ["git 4f2a91c"], "author": board.engineer.id}
    await manager.post_ok(f"{path}/pass_gate", passed)
    await manager.post_ok(f"{path}/request_go", {"question": "Go?"})
    moved = await manager.patch(path, json={"title": "Another relay"}, headers={"If-Match": "*"})
    assert moved.json()["code"] == "being_decided", "another release was put to the vote"
    await board.vote(path, "approve")
    deployed = await board.engineer.post_ok(f"{path}/deploy", {"what": "The relay."})
    answer = await board.engineer.read(f"/v1/deployments/{deployed['deployment_id']}")
    assert answer["change_ids"] == [change["id"]]


def plan_change(makers: Makers, **changes: object) -> dict[str, object]:
    return {
        "reason": "The relays come later.",
        "analyst": makers.developer.id,
        "analyst_assessment": "It can wait.",
        "assessment": "It costs a month.",
        "plan": "A day later.",
        "target_at": "2027-05-01T00:00:00Z",
        **changes,
    }


async def test_support_ends_with_open_faults_handed_over_and_the_release_is_closed(makers: Makers) -> None:
    path = await makers.with_go()
    await makers.developer.post_ok(f"{path}/deploy", {"what": "Version 4.2."})
    answer = await makers.manager.post(f"{path}/end_support", json={"open_faults": "A slow queue."})
    assert errors(answer.json()) == [("", "faults_to_nobody")]
    handed = {"open_faults": "A slow queue.", "handed_over_to": makers.tester.id}
    ended = await makers.manager.post_ok(f"{path}/end_support", handed)
    assert (ended["state"], ended["faults_owner"]["name"]) == ("supported", "Sara")
    closed = await makers.change.post_ok(f"{path}/close", {"lessons": "Try it at night."})
    assert closed["state"] == "closed"


async def test_a_reviewer_without_the_stages_role_any_more_passes_no_gate_and_is_replaced(
    api: Api, makers: Makers
) -> None:
    admin = await api.client("Ada", Role.admin)
    reviewer = await api.client("Ines", Role.project_manager, Role.engineer)
    successor = await api.client("Nils", Role.project_manager)
    stages = [{"key": "build", "author": makers.developer.id, "reviewer": reviewer.id}]
    path = await makers.planned(stages=stages)
    body = {"person": reviewer.id, "new_holder": successor.id}
    early = await makers.change.post(f"{path}/hand_over_duties", json=body)
    assert early.json()["errors"][0]["code"] == "person_still_active"
    await admin.post_ok(f"/v1/persons/{reviewer.id}/revoke_role", {"role": "project_manager"})
    [action] = [row for row in (await reviewer.read(path))["actions"] if row["action"] == "pass_gate"]
    assert (action["open"], "role or the team" in action["reason"]) == (False, True)
    documents = {"external_numbers": ["git 4f2a91c"]}
    refused = await reviewer.post(f"{path}/pass_gate", json=documents)
    assert (refused.status_code, refused.json()["code"]) == (403, "no_longer_eligible")
    await makers.change.post_ok(f"{path}/hand_over_duties", body)
    moved = await reviewer.post(f"{path}/pass_gate", json=documents)
    assert (moved.status_code, moved.json()["code"]) == (403, "not_the_stage_reviewer")
    await successor.post_ok(f"{path}/pass_gate", documents)


async def test_a_gate_is_passed_by_its_reviewer_and_never_by_who_wrote_its_documents(
    api: Api, makers: Makers
) -> None:
    reviewer = await api.client("Ines", Role.project_manager)
    stages = [
        {"key": "build", "author": makers.developer.id, "reviewer": makers.tester.id},
        {"key": "test", "author": makers.tester.id},
    ]
    engineer = await makers.manager.post("/v1/releases", json=a_release(stages=stages))
    assert errors(engineer.json()) == [("/stages/0/reviewer", "not_the_reviewer_role")]
    stages[0]["reviewer"] = reviewer.id
    path = await makers.planned(stages=stages)
    documents = {"external_numbers": ["git 4f2a91c"]}
    own = await makers.developer.post(f"{path}/pass_gate", json=documents)
    assert (own.status_code, own.json()["code"]) == (403, "separation_of_duties")
    assert "author of the stage" in own.json()["detail"]
    other = await makers.manager.post(f"{path}/pass_gate", json=documents)
    assert (other.status_code, other.json()["code"]) == (403, "not_the_stage_reviewer")
    nothing = await reviewer.post(f"{path}/pass_gate", json={})
    assert errors(nothing.json()) == [("", "stage_document_missing")]
    passed = await reviewer.post_ok(f"{path}/pass_gate", documents)
    assert (passed["state"], passed["stage"], passed["stage_author"]["name"]) == ("in_stage", "test", "Sara")
    built = await makers.manager.post(f"{path}/pass_gate", json={**documents, "author": makers.developer.id})
    assert errors(built.json()) == [("/author", "wrote_other_stage")]


async def test_who_attached_the_documents_has_written_them_and_they_are_archived(makers: Makers) -> None:
    path = await makers.planned(stages=[{"key": "build"}])
    upload = "019a0000-0000-7000-8000-00000000000a"
    await makers.developer.put(f"/v1/uploads/{upload}", content=b"What was built.")
    await makers.developer.post_ok(f"{path}/attach", {"upload": upload, "name": "notes.txt"})
    unknown = {"attachments": ["019a0000-0000-7000-8000-00000000000b"]}
    refused = await makers.manager.post(f"{path}/pass_gate", json=unknown)
    assert errors(refused.json()) == [("/attachments/0", "unknown_reference")]
    record = await makers.manager.post_ok(f"{path}/pass_gate", {"attachments": [upload]})
    assert record["state"] == "ready", "it was the only stage"
    (stage,) = (await makers.manager.read(f"{path}/stages"))["items"]
    assert (stage["attachment_ids"], stage["author"]["name"]) == ([upload], "Tomasz")
    assert (stage["passed_by"]["name"], stage["passed_at"]) == ("Mei", record["state_since"])


async def test_who_builds_is_not_planned_to_test_and_nobody_reviews_their_own(makers: Makers) -> None:
    both = [{"key": key, "author": makers.developer.id} for key in ("build", "test")]
    refused = await makers.manager.post("/v1/releases", json=a_release(stages=both))
    assert errors(refused.json()) == [("/stages/1/author", "wrote_other_stage")]
    for both_persons, code in (
        (makers.developer, "not_the_reviewer_role"),
        (makers.manager, "reviews_own_stage"),
    ):
        own = [{"key": "build", "author": both_persons.id, "reviewer": both_persons.id}]
        refused = await makers.manager.post("/v1/releases", json=a_release(stages=own))
        assert errors(refused.json()) == [("/stages/0/reviewer", code)]
    wrong = [{"key": "test"}, {"key": "build"}]
    refused = await makers.manager.post("/v1/releases", json=a_release(stages=wrong))
    assert errors(refused.json()) == [("/stages/1/key", "stage_out_of_order")]
    refused = await makers.manager.post("/v1/releases", json=a_release(stages=[{"key": "party"}]))
    assert errors(refused.json()) == [("/stages/0/key", "no_such_stage")]


async def test_stages_are_left_out_by_a_decision_before_the_first_gate(makers: Makers) -> None:
    stages = [{"key": "build"}]
    record = await makers.manager.post_ok("/v1/releases", a_release(stages=stages))
    path = f"/v1/releases/{record['id']}"
    body = {"external_numbers": ["git 4f2a91c"], "author": makers.developer.id}
    undecided = await makers.manager.post(f"{path}/pass_gate", json=body)
    assert (undecided.status_code, undecided.json()["code"]) == (409, "stages_left_out_undecided")
    await makers.ask_to_leave_out(path)
    decisions = (await makers.head.read(f"{path}/decisions"))["items"]
    assert "initiation" in decisions[-1]["question"]
    refused = await vote(makers.head, path, "reject")
    assert refused["stages_agreed_at"] is None
    undecided = await makers.manager.post(f"{path}/pass_gate", json=body)
    assert undecided.json()["code"] == "stages_left_out_undecided"

    await makers.ask_to_leave_out(path)
    agreed = await vote(makers.head, path, "approve")
    assert (agreed["stages_agreed_at"] is None, agreed["plan"]) == (False, record["plan"])
    again = plan_change(makers, leave_out_stages=True)
    answer = await makers.manager.post(f"{path}/change_plan", json=again)
    assert errors(answer.json()) == [("/leave_out_stages", "stages_agreed_already")]
    await makers.manager.post_ok(f"{path}/pass_gate", body)
    complete_path = await makers.planned(stages=[])
    answer = await makers.manager.post(f"{complete_path}/change_plan", json=again)
    assert errors(answer.json()) == [("/leave_out_stages", "no_stages_left_out")]


async def test_stages_are_left_out_with_a_reason_that_those_who_decide_on_the_go_read(makers: Makers) -> None:
    stages = [{"key": "build"}]
    refused = await makers.manager.post("/v1/releases", json=a_release(stages=stages, stages_reason=None))
    assert errors(refused.json()) == [("/stages_reason", "stages_skipped")]
    path = await makers.planned(stages=stages)
    body = {"external_numbers": ["git 4f2a91c"], "author": makers.developer.id}
    await makers.manager.post_ok(f"{path}/pass_gate", body)
    await makers.asked_for_go(path)
    decision = (await makers.change.read(f"{path}/decisions"))["items"][-1]
    assert "initiation" in decision["question"]
    release = await makers.change.read(path)
    assert release["stages_reason"] == "The relay is only moved."
    assert len(release["stages_skipped"]) == 6
    release = await makers.manager.read(await makers.planned(stages=[]))
    assert (release["stages_skipped"], release["stages_reason"]) == (None, None)


async def test_a_gate_takes_only_files_that_are_there_and_that_no_other_gate_took(makers: Makers) -> None:
    async def attached(client: Client, content: bytes) -> str:
        upload = str(uuid4())
        await client.put(f"/v1/uploads/{upload}", content=content)
        await client.post_ok(f"{path}/attach", {"upload": upload, "name": "notes.txt"})
        return upload

    async def refused(*names: str, **more: object) -> list[tuple[str, str]]:
        body = {"attachments": names, **more}
        return errors((await makers.manager.post(f"{path}/pass_gate", json=body)).json())

    path = await makers.planned(stages=[{"key": key} for key in ("build", "test", "publication")])
    file, empty = await attached(makers.developer, b"Built."), await attached(makers.developer, b"")
    withdrawn = await attached(makers.developer, b"Wrong.")
    await makers.developer.post_ok(f"{path}/withdraw_attachment", {"attachment": withdrawn})
    for filler in (b"-", b" \r\n\t ", b"\xef\xbb\xbfn/a", b"\x89PNG", "\u3000——".encode()):
        blank = await attached(makers.developer, filler)
        assert await refused(blank) == [("/attachments/0", "nothing_to_read")], filler
    assert await refused(empty) == [("/attachments/0", "nothing_to_read")]
    assert await refused(file, withdrawn) == [("/attachments/1", "nothing_to_read")]
    assert await refused(file, file) == [("/attachments", "each_once")]
    await makers.manager.post_ok(f"{path}/pass_gate", {"attachments": [file]})
    named = {"author": makers.tester.id}
    assert await refused(file, **named) == [("/attachments/0", "wrote_other_stage")]
    tested = await attached(makers.tester, b"Tested.")
    assert await refused(tested, file, **named) == [("/attachments/1", "wrote_other_stage")]
    ours = await attached(makers.developer, b"We tested it ourselves.")
    assert await refused(ours, **named) == [("/attachments/0", "wrote_other_stage")]
    await makers.manager.post_ok(f"{path}/pass_gate", {"attachments": [tested]})
    answer = await makers.developer.post(f"{path}/withdraw_attachment", json={"attachment": file})
    assert errors(answer.json()) == [("/attachment", "attachment_is_evidence")], "its gate is passed"
    again = {"attachments": [tested], "author": makers.manager.id}
    answer = await makers.change.post(f"{path}/pass_gate", json=again)
    assert errors(answer.json()) == [("/attachments/0", "evidence_of_other")]


@in_test_all
async def test_somebody_else_who_holds_its_role_is_appointed_for_a_stage(api: Api, makers: Makers) -> None:
    reviewer = await api.client("Ines", Role.project_manager)
    path = await makers.planned(stages=[{"key": "build", "author": makers.developer.id}, {"key": "test"}])
    body = {"stage": "build", "reviewer": makers.change.id}
    refused = await makers.manager.post(f"{path}/appoint", json=body)
    assert errors(refused.json()) == [("/reviewer", "not_the_reviewer_role")]
    body["reviewer"] = reviewer.id
    record = await makers.manager.post_ok(f"{path}/appoint", body)
    assert record["stage_reviewer"]["name"] == "Ines"
    refused = await makers.manager.post(
        f"{path}/appoint", json={"stage": "test", "author": makers.developer.id}
    )
    assert errors(refused.json()) == [("/author", "wrote_other_stage")]
    await reviewer.post_ok(f"{path}/pass_gate", {"external_numbers": ["git 4f2a91c"]})
    refused = await makers.manager.post(f"{path}/appoint", json=body)
    assert errors(refused.json()) == [("/stage", "stage_is_passed")]


async def test_a_plan_change_that_is_refused_leaves_the_plan_and_one_that_is_adopted_takes_the_go_back(
    makers: Makers,
) -> None:
    path = await makers.with_go()
    refused = await makers.manager.post(
        f"{path}/change_plan", json=plan_change(makers, approver=makers.change.id)
    )
    assert errors(refused.json()) == [("/approver", "extra_forbidden")], "nobody chooses who decides"
    for verdict, plan in (("reject", "Build in March, try in April."), ("approve", "A day later.")):
        await makers.manager.post_ok(f"{path}/change_plan", plan_change(makers))
        waits = await makers.developer.post(f"{path}/deploy", json={"what": "It."})
        assert (waits.status_code, waits.json()["code"]) == (409, "release_decision_open")
        release = await vote(makers.head, path, verdict)
        assert (release["plan"], release["plan_change_id"]) == (plan, None)
        assert release["go"] is (True if verdict == "reject" else None)
    without = await makers.developer.post(f"{path}/deploy", json={"what": "It."})
    assert (without.status_code, without.json()["code"]) == (409, "go_is_missing")
    _, first, second = (await makers.manager.read(f"{path}/plan_changes"))["items"]
    assert (first["refused_at"] is None, first["adopted_at"]) == (False, None)
    assert (second["refused_at"], second["adopted_at"] is None) == (None, False)


@in_test_all
async def test_a_go_that_was_deferred_is_none_and_is_asked_for_again(makers: Makers) -> None:
    path = await makers.ready()
    await makers.asked_for_go(path)
    twice = await makers.manager.post(f"{path}/request_go", json={"question": "Now?"})
    assert (twice.status_code, twice.json()["code"]) == (409, "release_decision_open")
    release = await makers.go(path, "defer")
    assert (release["state"], release["go"]) == ("ready", None)
    await makers.asked_for_go(path)
    release = await makers.go(path, "approve")
    assert release["go"] is True
    settled = await makers.manager.post(f"{path}/request_go", json={"question": "Now?"})
    assert (settled.status_code, settled.json()["code"]) == (409, "go_is_given")


async def test_a_cancelled_release_takes_its_open_decision_back(makers: Makers) -> None:
    path = await makers.ready()
    decision = await makers.asked_for_go(path)
    record = await makers.manager.post_ok(f"{path}/cancel", {"reason": "Nobody wants it."})
    assert record["state"] == "cancelled"
    *_, taken_back = (await makers.manager.read(f"{path}/decisions"))["items"]
    assert (taken_back["id"], taken_back["state"]) == (decision, "withdrawn")


CABLING = {
    "key": "cabling",
    "name_en": "Cabling",
    "name_zh": "布线",
    "deliverable_en": "A drawing",
    "deliverable_zh": "图纸",
    "author_role": "engineer",
    "reviewer_role": "change_manager",
}


async def test_nobody_sets_the_stages_of_releases_alone(api: Api, makers: Makers) -> None:
    owner, second = [await api.client(name, "quality_manager") for name in ("Owner", "Second")]
    body = {"key": "software", "name_en": "Software", "name_zh": "软件", "stages": [CABLING]}
    record = await owner.post_ok("/v1/release_stage_sets", body)
    path = f"/v1/release_stage_sets/{record['id']}"
    refused = await makers.manager.post("/v1/releases", json=a_release(stage_set="software", stages=[]))
    assert errors(refused.json()) == [("/stage_set", "stage_set_unagreed")]
    usual = await makers.manager.read(await makers.planned(stages=[]))
    assert (usual["stages_total"], usual["stage"]) == (len(DEFAULT_STAGES), "initiation")
    assert (await owner.post(f"{path}/agree")).json()["code"] == "separation_of_duties"
    await second.post_ok(f"{path}/agree")
    assert (await second.post(f"{path}/agree")).json()["code"] == "nothing_to_agree"
    revised = await second.post_ok(f"{path}/revise", {"stages": [{**CABLING, "key": "patching"}]})
    assert [stage["key"] for stage in revised["stages"]] == ["cabling"]
    assert [stage["key"] for stage in revised["revision"]] == ["patching"]
    assert (await second.post(f"{path}/agree")).json()["code"] == "separation_of_duties"
    agreed = await owner.post_ok(f"{path}/agree")
    assert ([stage["key"] for stage in agreed["stages"]], agreed["revision"]) == (["patching"], None)


async def test_a_release_keeps_the_stages_that_it_was_planned_with(api: Api, makers: Makers) -> None:
    owner, second = [await api.client(name, "process_owner") for name in ("Owner", "Second")]
    stage = CABLING
    body = {"key": "hardware", "name_en": "Hardware", "name_zh": "硬件", "stages": [stage]}
    record = await owner.post_ok("/v1/release_stage_sets", body)
    await second.post_ok(f"/v1/release_stage_sets/{record['id']}/agree")
    path = await makers.planned(stage_set="hardware", stages=[])
    revised = {**stage, "reviewer_role": "department_head"}
    await owner.post_ok(f"/v1/release_stage_sets/{record['id']}/revise", {"stages": [revised]})
    (planned_stage,) = (await makers.manager.read(f"{path}/stages"))["items"]
    assert (planned_stage["key"], planned_stage["reviewer_role"]) == ("cabling", "change_manager")
    bad = {**stage, "apart_from": ["elsewhere"]}
    refused = await owner.post(f"/v1/release_stage_sets/{record['id']}/revise", json={"stages": [bad]})
    assert errors(refused.json()) == [("/stages/0/apart_from/0", "no_earlier_stage")]
    await owner.post_ok(f"/v1/release_stage_sets/{record['id']}/retire")
    refused = await makers.manager.post("/v1/releases", json=a_release(stage_set="hardware", stages=[]))
    assert errors(refused.json()) == [("/stage_set", "stage_set_retired")]
    usual = {**body, "key": "software"}
    record = await owner.post_ok("/v1/release_stage_sets", usual)
    await second.post_ok(f"/v1/release_stage_sets/{record['id']}/agree")
    answer = await makers.manager.read(await makers.planned(stages=[]))
    assert (answer["stage_set"], answer["stage"]) == ("software", "cabling")


async def test_a_file_of_a_release_is_there_for_whom_the_release_is(api: Api, makers: Makers) -> None:
    path = await makers.planned(stages=[])
    sent = (await makers.manager.put(f"/v1/uploads/{uuid4()}", content=b"What is new.")).json()["id"]
    await makers.manager.post_ok(f"{path}/attach", {"upload": sent, "name": "notes.txt"})
    file = f"{path}/attachments/{sent}/content"
    assert (await makers.manager.get(file)).content == b"What is new."
    stranger = await api.client("Somebody")
    assert (await stranger.get(file)).status_code == 404


async def test_a_number_elsewhere_is_evidence_of_one_release_only(makers: Makers) -> None:
    first, second = [await makers.planned() for _ in range(2)]
    passed = {"external_numbers": ["PRJ-2026-17"], "author": makers.developer.id}
    await makers.manager.post_ok(f"{first}/pass_gate", passed)
    for number in ("PRJ-2026-17", "prj 2026/17", "ＰＲＪ－２０２６－１７"):
        body = {**passed, "external_numbers": ["git 77aa", number]}
        refused = await makers.manager.post(f"{second}/pass_gate", json=body)
        assert errors(refused.json()) == [("/external_numbers/1", "evidence_of_other_release")], number
    await makers.manager.post_ok(f"{first}/cancel", {"reason": "It is made anew."})
    await makers.manager.post_ok(f"{second}/pass_gate", passed)
