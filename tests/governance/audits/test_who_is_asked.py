"""What audits ask of people: it waits for them until it is done; and those of one team see its audits."""

from __future__ import annotations

from app.foundation.months import month_of
from tests.client import Client
from tests.extent import in_test_all
from tests.governance.audits.conftest import TEAM, Office
from tests.governance.audits.test_story import SELF_CHECK, SUMMARY, opened


async def asked(client: Client) -> list[str]:
    """The actions that wait for somebody."""
    return [entry["action"] for entry in (await client.read("/v1/me/work"))["asked"]]


@in_test_all
async def test_each_step_of_an_audit_waits_for_whoever_does_it_until_it_is_done(office: Office) -> None:
    path = await opened(office, cases=1)
    await office.tell()
    assert [await asked(person) for person in (office.supervisor, office.administrator, office.head)] == [
        ["submit_self_check"],
        [],
        [],
    ]
    await office.supervisor.post_ok(f"{path}/submit_self_check", SELF_CHECK)
    await office.tell()
    assert (await asked(office.supervisor), await asked(office.administrator)) == ([], ["confirm_summary"])
    await office.administrator.post_ok(f"{path}/confirm_summary", SUMMARY)
    await office.tell()
    assert (await asked(office.administrator), await asked(office.head)) == ([], ["countersign"])
    (notice,) = (await office.head.read("/v1/notices"))["items"]
    assert notice["kind"] == "waits_for_you"
    await office.head.post_ok(f"{path}/countersign")
    assert await asked(office.head) == []


@in_test_all
async def test_a_finding_waits_for_its_owner_for_a_verdict_and_to_be_verified(office: Office) -> None:
    finding = await office.raised()
    path = f"/v1/findings/{finding['number']}"
    await office.tell()
    assert (await asked(office.head), await asked(office.agent)) == (["correct"], [])
    await office.agent.post_ok(f"{path}/object", {"objection": "It was another case."})
    await office.tell()
    # Whoever raised it does not judge the objection.
    verdicts = [await asked(person) for person in (office.head, office.quality, office.second_quality)]
    assert verdicts == [[], [], ["decide_objection"]]
    verdict = {"verdict": "upheld", "verdict_reason": "It is this one."}
    await office.second_quality.post_ok(f"{path}/decide_objection", verdict)
    assert (await asked(office.second_quality), await asked(office.head)) == ([], ["correct"])
    await office.head.post_ok(f"{path}/correct", {"correction": "It is written down."})
    await office.tell()
    assert (await asked(office.head), await asked(office.quality)) == ([], ["verify"])
    await office.quality.post_ok(f"{path}/verify", {"verification": "Seen."})
    assert await asked(office.quality) == []


@in_test_all
async def test_who_holds_a_role_for_one_team_sees_and_supervises_the_audits_of_that_team_alone(
    office: Office,
) -> None:
    other_team = await office.api.team("mail")
    (audited,) = [team["id"] for team in (await office.quality.read("/v1/teams", key=TEAM))["items"]]
    own = await office.api.client("Own", f"process_supervisor@team/{audited}")
    lead = await office.api.client("Lead", f"department_head@team/{audited}")
    stranger = await office.api.client("Others", f"process_supervisor@team/{other_team}")
    member = await office.api.client("Member", "agent", "engineer", teams=(TEAM,))
    month = month_of(office.now, office.zone)
    path = await opened(office, cases=1)
    await office.tell()
    for reader in (own, lead):
        (audit,) = (await reader.read("/v1/audits"))["items"]
        assert (audit["month"], (await reader.read(path))["number"]) == (month, audit["number"])
        assert await events_of(reader)
    for reader in (stranger, member):
        assert (await reader.read("/v1/audits"))["items"] == []
        assert (await reader.get(path)).status_code == 404
        assert not await events_of(reader)
    assert (await asked(own), await asked(stranger)) == (["submit_self_check"], [])
    submitted = await own.post_ok(f"{path}/submit_self_check", SELF_CHECK)
    assert submitted["state"] == "submitted"


async def events_of(reader: Client) -> list[str]:
    """The events of audits that somebody is shown."""
    events = (await reader.read("/v1/events", limit=200))["items"]
    return [event["type"] for event in events if event["stream"].startswith("audit/")]
