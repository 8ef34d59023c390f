"""Who answers for an audit: the supervisor and the head of its own team, and nobody of another team."""

from __future__ import annotations

from tests.client import Json
from tests.governance.audits.conftest import TEAM, Office
from tests.governance.audits.test_story import SELF_CHECK, SUMMARY, opened


async def told(office: Office, reader: str, step: str) -> list[str]:
    """The values that the notices of that type show to somebody."""
    client = getattr(office, reader)
    notices: list[Json] = (await client.read("/v1/notices"))["items"]
    steps = [each for notice in notices for each in notice["told"] if each["step"] == step]
    return [detail["value"] for each in steps for detail in each["details"]]


async def test_nobody_of_another_team_is_made_to_answer_for_a_team(office: Office) -> None:
    await office.api.team("mail")
    mail = [await office.api.client(f"Mail {n}", "process_supervisor", teams=("mail",)) for n in range(2)]
    # Somebody of no team supervises all of them, unless somebody of the team does.
    body = {name: value for name, value in office.finding().items() if name != "supervisor"}
    finding = await office.quality.post_ok("/v1/findings", body)
    assert finding["supervisor"]["id"] == office.supervisor.id
    own = await office.api.client("Own", "process_supervisor", teams=(TEAM,))
    body["evidence"] = ["Another case"]
    finding = await office.quality.post_ok("/v1/findings", body)
    assert finding["supervisor"]["id"] == own.id
    assert own.id not in {client.id for client in mail}
    # A team without a lead has the head of its department.
    lead_of_mail = await office.api.client("Head of mail", "department_head", teams=("mail",))
    for team, head in (("mail", lead_of_mail.id), (TEAM, office.head.id)):
        named = {name: body[name] for name in body if name not in ("head", "person")}
        named |= {"team": team, "kind": "record_missing", "evidence": [f"A case of {team}"]}
        finding = await office.quality.post_ok("/v1/findings", named)
        assert finding["head"]["id"] == head, team


async def test_the_summary_is_confirmed_by_the_teams_own_administrator_if_there_is_one(
    office: Office,
) -> None:
    path = await opened(office, cases=1)
    await office.supervisor.post_ok(f"{path}/submit_self_check", SELF_CHECK)
    await office.api.team("mail")
    stranger = await office.api.client("Stranger", "process_administrator", teams=("mail",))
    (offered,) = [a for a in (await stranger.read(path))["actions"] if a["action"] == "confirm_summary"]
    assert offered["open"], "the team has no administrator of its own"
    own = await office.api.client("Own", "process_administrator", teams=(TEAM,))
    for client in (stranger, office.administrator):
        refused = await client.post(f"{path}/confirm_summary", json=SUMMARY)
        assert (refused.status_code, refused.json()["code"]) == (409, "administers_another_team")
    await own.post_ok(f"{path}/confirm_summary", SUMMARY)


async def test_an_auditor_is_an_auditor_or_a_quality_manager(office: Office) -> None:
    engineer = await office.api.client("Engineer", "engineer", teams=(TEAM,))
    auditor = await office.api.client("Auditor", "auditor")
    body = office.finding()
    refused = await office.quality.post("/v1/findings", json={**body, "auditor": engineer.id})
    assert [(each["pointer"], each["code"]) for each in refused.json()["errors"]] == [
        ("/auditor", "not_an_auditor")
    ]
    for n, fitting in enumerate((auditor, office.quality)):
        named = {**body, "auditor": fitting.id, "evidence": [f"Case {n}"]}
        assert (await office.quality.post_ok("/v1/findings", named))["auditor"]["id"] == fitting.id


async def test_a_self_check_is_of_the_team_and_corrected_until_the_draw_whose_gaps_cost_points(
    office: Office,
) -> None:
    path = await opened(office, cases=2)
    await office.api.team("mail")
    stranger = await office.api.client("Stranger", "process_supervisor", teams=("mail",))
    own = await office.api.client("Own", "process_supervisor", teams=(TEAM,))
    other_head = await office.api.client("Other head", "department_head")
    refused = await stranger.post(f"{path}/submit_self_check", json=SELF_CHECK)
    assert (refused.status_code, refused.json()["code"]) == (409, "supervises_another_team")
    await own.post_ok(f"{path}/submit_self_check", SELF_CHECK | {"runs": 1})
    await office.tell()
    for reader in ("supervisor", "head"):
        assert f"The {TEAM} team" in await told(office, reader, "self_check_filed"), reader
    await office.administrator.post_ok(f"{path}/confirm_summary", SUMMARY)
    corrected = await own.post_ok(
        f"{path}/correct_self_check", {"measures": SELF_CHECK["measures"], "runs": 3}
    )
    assert (corrected["state"], corrected["runs"], corrected["summarised_by"]) == ("submitted", 3, None)
    entries = (await office.quality.read(f"{path}/self_check_entries"))["items"]
    assert [entry["item"] for entry in entries] == ["measures"]
    await office.administrator.post_ok(f"{path}/confirm_summary", SUMMARY)
    await other_head.post_ok(f"{path}/countersign")
    await office.tell()
    assert f"The {TEAM} team" in await told(office, "head", "audit_countersigned")
    await office.quality.post_ok(f"{path}/draw", {"size": 1})
    refused = await own.post(f"{path}/correct_self_check", json=SELF_CHECK)
    assert (refused.status_code, refused.json()["code"]) == (409, "drawn_already")
    conclusion = {"summary": "In order.", "incomplete_items": ["measures"]}
    concluded = await office.quality.post_ok(f"{path}/conclude", conclusion)
    assert concluded["incomplete_items"] == ["runs", "measures"], "the draw found the first"
    await office.tell()
    points = [entry for entry in await office.points(office.quality) if entry[2] == "self_check_incomplete"]
    assert points == [(own.id, "supervisor", "self_check_incomplete", 20)]
    page = (await office.quality.get(f"{path}/report", params={"lang": "en"})).text
    assert "Author of the self-check" in page
    assert "Department head" in page
    assert "Head of the team" not in page.rpartition("Signatures")[2]


async def test_whoever_raised_a_finding_is_not_asked_to_judge_an_objection_to_it(office: Office) -> None:
    finding = await office.raised()
    await office.agent.post_ok(f"/v1/findings/{finding['number']}/object", {"objection": "It is not."})
    await office.tell()
    steps_by_reader = {
        reader: [
            step
            for notice in (await office.quality.read("/v1/notices", person=getattr(office, reader).id))[
                "items"
            ]
            for step in notice["steps"]
        ]
        for reader in ("quality", "second_quality")
    }
    assert "finding_objected" in steps_by_reader["second_quality"]
    assert "finding_objected" not in steps_by_reader["quality"]


async def test_a_notice_of_points_names_the_finding(office: Office) -> None:
    finding = await office.raised()
    await office.tell()
    assert any(finding["number"] in value for value in await told(office, "agent", "points_given"))
