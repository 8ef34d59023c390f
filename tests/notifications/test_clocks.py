"""What the clocks of a ticket say is told to whoever is responsible, of the ticket that they measure."""

from __future__ import annotations

from datetime import timedelta

from app.common.notices import NoticeType
from app.common.people import Caller, Role, rule_caller
from app.common.times.clocks import AgreementType, ClockEventType, ClockMetric
from app.foundation.people.persons import SetPreferencesPerson
from app.foundation.people.teams import EditTeam
from app.notifications import texts
from app.processes.incidents.payloads import ResolveIncident
from app.processes.incidents.records import Incident
from app.ticketing.work.assignment import AssignTicket
from tests.clocks import append_clock_event
from tests.extent import in_test_all
from tests.notifications.conftest import Office
from tests.people import act, add_caller, grant
from tests.service_levels.clocks.agreements import add_calendar, sign, target

WARNED, BREACHED = ClockEventType.warned, ClockEventType.breached


async def say(office: Office, incident: Incident, event: ClockEventType, percent: int | None = None) -> str:
    """The clock of the incident's resolution says it. Gives the clock's stream."""
    return await append_clock_event(office.ledger, incident.row_key, event, percent=percent)


async def test_a_warning_goes_to_the_assignee_and_a_breach_to_the_service_level_manager_too(
    office: Office,
) -> None:
    manager = await add_caller(office.ledger, "Mei", Role.service_level_manager)
    incident = await office.assigned()
    await office.deliver_all()
    for event in (ClockEventType.started, ClockEventType.reached):
        await say(office, incident, event, 80)
    await say(office, incident, WARNED, 75)
    await office.deliver_all()
    assert await office.told_steps(office.engineer) == ["given", "target_close"]
    assert await office.told_steps(manager) == []
    await say(office, incident, BREACHED)
    await office.deliver_all()
    assert await office.told_steps(office.engineer) == ["given", "target_close", "target_missed"]
    assert await office.told_steps(manager) == ["target_missed"]
    for caller in (office.requester, office.follower, office.agent):
        assert not {"target_close", "target_missed"} & set(await office.told_steps(caller))


@in_test_all
async def test_where_nobody_has_it_the_lead_of_its_team_is_told(office: Office) -> None:
    lead = await add_caller(office.ledger, "Lead", Role.engineer, teams=("mail",))
    team = await office.ledger.db.value("select id from fold.team where key = 'mail'")
    edit = EditTeam.model_validate({"lead": str(lead.person_id)})
    await act(office.ledger, rule_caller("tests"), "team", "edit", team, edit)
    incident = await office.reported()
    await say(office, incident, WARNED, 75)
    await office.deliver_all()
    assert await office.told_steps(lead) == [], "no team has it"
    await office.perform(office.agent, "assign", incident, AssignTicket(team="mail"))
    await say(office, incident, WARNED, 90)
    await office.deliver_all()
    assert await office.told_steps(lead) == ["target_close"]
    await office.assign(incident, office.engineer)
    await say(office, incident, BREACHED)
    await office.deliver_all()
    assert await office.told_steps(lead) == ["target_close"], "somebody has it now"


@in_test_all
async def test_it_goes_together_with_what_else_happens_to_the_ticket_and_names_each_event(
    office: Office,
) -> None:
    incident = await office.assigned()
    clock = await say(office, incident, WARNED, 90)
    commented = await office.comment(office.agent, incident)
    await office.deliver_all()
    (notice,) = await office.notices(office.engineer)
    assert notice["about"] == incident.row_key
    assert notice["steps"] == ["given", "target_close", "commented"]
    assert notice["streams"] == [incident.row_key, clock, incident.row_key]
    assert notice["versions"] == [incident.version, 1, commented.version + 1]
    for language, sentence in (
        (
            "en",
            f"90 % of the target time of {incident.number} is used (Resolution, Service level agreement): "
            f"{incident.title}",
        ),
        ("zh", f"{incident.number} 已用去目标时限的 90%（解决，服务级别协议）：{incident.title}"),
    ):
        payloads = await texts.load_payloads(office.ledger, texts.steps_of([notice]))
        assert texts.text(office.ledger, language, notice, payloads).splitlines()[1] == sentence
    (other,) = await office.notices(office.requester)
    assert other["streams"] is None, "all that is told is the ticket's own"


async def test_a_missed_target_says_which_in_both_languages(office: Office) -> None:
    incident = await office.assigned()
    await append_clock_event(
        office.ledger,
        incident.row_key,
        BREACHED,
        metric=ClockMetric.response,
        agreement_type=AgreementType.ola,
        staff_only=True,
    )
    await office.deliver_all()
    (notice,) = await office.notices(office.engineer)
    payloads = await texts.load_payloads(office.ledger, texts.steps_of([notice]))
    english = texts.text(office.ledger, "en", notice, payloads).splitlines()[-1]
    assert english == (
        f"{incident.number} has missed a target (Response, Operational level agreement): {incident.title}"
    )
    chinese = texts.text(office.ledger, "zh", notice, payloads).splitlines()[-1]
    assert chinese == f"{incident.number} 已超时（响应，运营级别协议）：{incident.title}"


async def test_who_does_not_want_it_or_does_not_see_the_ticket_is_not_told(office: Office) -> None:
    quiet = SetPreferencesPerson(told_of=(NoticeType.target_missed,), told_by_mail=())
    engineer = office.engineer
    await act(office.ledger, engineer, "person", "set_preferences", engineer.person_id, quiet)
    other = await office.ledger.db.value("select id from fold.team where key = 'mail'")
    elsewhere, other_manager = [await add_caller(office.ledger, name) for name in ("Elsewhere", "Beside")]
    for caller, scope in ((elsewhere, "service/erp"), (other_manager, f"team/{other}")):
        assert caller.person_id is not None
        await grant(office.ledger, caller.person_id, f"service_level_manager@{scope}")
    incident = await office.assigned()
    await say(office, incident, WARNED, 75)
    await say(office, incident, BREACHED)
    await office.deliver_all()
    assert await office.told_steps(engineer) == ["target_missed"]
    assert await office.told_steps(other_manager) == ["target_missed"]
    assert await office.told_steps(elsewhere) == []


async def test_what_a_worker_missed_is_told_once_when_it_was_recorded_long_after(office: Office) -> None:
    incident = await office.assigned()
    await office.deliver_all()
    await append_clock_event(
        office.ledger, incident.row_key, BREACHED, occurred_at=office.now - timedelta(days=3)
    )
    await office.deliver_all()
    await office.deliver_all()
    assert await office.told_steps(office.engineer) == ["given", "target_missed"]


async def sentences(office: Office, caller: Caller) -> str:
    """What somebody was told, as they read it."""
    notices = await office.notices(caller)
    payloads = await texts.load_payloads(office.ledger, texts.steps_of(notices))
    return "\n".join(texts.text(office.ledger, "en", notice, payloads) for notice in notices)


@in_test_all
async def test_a_missed_target_names_its_agreement_what_was_allowed_and_when_it_was_due(
    office: Office,
) -> None:
    await add_calendar(office.ledger, "office", "Asia/Shanghai", "00:00", "24:00")
    agreement = await sign(office.ledger, target("mend", "resolution", 5400))
    number = await office.ledger.db.value("select number from fold.sla where id = %s", (agreement,))
    incident = await office.assigned()
    await append_clock_event(office.ledger, incident.row_key, BREACHED, agreement=agreement)
    await office.deliver_all()
    sentence = (await sentences(office, office.engineer)).splitlines()[-1]
    assert f"(Resolution, Service level agreement {number})" in sentence
    assert "The limit was 4 h of service time; it was due on 20" in sentence


@in_test_all
async def test_what_is_resolved_says_in_how_many_days_the_ticket_itself_may_be_reopened(
    office: Office,
) -> None:
    await add_calendar(office.ledger, "office", "Asia/Shanghai", "00:00", "24:00")
    await sign(office.ledger, target("mend", "resolution", 5400), reopen_days=3)
    incident = await office.perform(office.engineer, "start", await office.assigned())
    assert incident.reopen_days == 3 != office.ledger.settings.reopen_days
    body = ResolveIncident.model_validate({"resolution_code": "fixed", "done": "Mended."})
    await office.perform(office.engineer, "resolve", incident, body)
    await office.deliver_all()
    assert "reopen it within 3 days" in await sentences(office, office.requester)
