"""People are told what concerns them, once, and nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.common.notices import NoticeType
from app.common.people import Caller, PersonKind, Role, RoleGrant, rule_caller
from app.foundation.people.persons import AddPerson, SetPreferencesPerson
from app.kernel.access.visibility import can_see
from app.kernel.actions.payloads import Reason
from app.kernel.ledger import Ledger
from app.kernel.uploads import IncomingUpload, store_upload
from app.log.events import COLUMNS, id_of, recorded
from app.log.follow import FOLLOW_LIMITS, catch_up
from app.log.ids import uuid7
from app.notifications import notices, steps
from app.notifications.lifecycle import LIFECYCLE as NOTICES
from app.notifications.queries import NoticeOut, NoticeRenderer
from app.notifications.texts import step_sentence
from app.platform.db import connect
from app.processes.incidents.payloads import (
    HoldIncident,
    MarkDuplicateIncident,
    RemindIncident,
    ResolveIncident,
)
from app.processes.problems.payloads import DetectProblemCandidate
from app.ticketing.attachments import AttachTicket
from app.ticketing.followers import FollowTicket
from app.ticketing.records import ComplaintSubject
from app.ticketing.satisfaction.complaints import AnswerComplaint, ComplainTicket
from app.ticketing.satisfaction.ratings import RateTicket
from app.ticketing.work.assignment import EscalateTicket
from app.ticketing.work.tasks import AddTask
from tests.automation.worker import Worker
from tests.conftest import DatabaseUrls
from tests.extent import examples, in_test_all
from tests.kernel.incidents import a_report
from tests.notifications.conftest import Office
from tests.people import act, add_caller
from tests.random_histories import RandomAction as Act
from tests.random_histories import RandomWorld
from tests.random_histories import random_actions as acts


async def test_each_public_step_is_told_to_who_asked_and_to_who_follows(office: Office) -> None:
    incident = await office.assigned()
    await office.perform(office.engineer, "start", incident)
    await office.deliver_all()
    hold = HoldIncident.model_validate({"reason": "awaiting_evidence"})
    await office.perform(office.engineer, "hold", incident, hold)
    await office.perform(office.engineer, "resume", incident)
    await office.comment(office.engineer, incident)
    resolve = ResolveIncident.model_validate({"resolution_code": "fixed", "done": "Mended."})
    await office.perform(office.engineer, "resolve", incident, resolve)
    await office.deliver_all()
    await office.perform(office.agent, "close", incident)
    await office.deliver_all()
    public = ["assigned", "held", "commented", "resolved", "closed"]
    assert await office.told_steps(office.requester) == ["received", *public]
    assert await office.told_steps(office.follower) == public, "it was received before they followed it"
    assert await office.told_steps(office.engineer) == ["given"], "others are told what one does oneself"


async def test_a_problem_that_is_resolved_has_a_sentence_of_its_own(office: Office) -> None:
    notice = {"number": "PRB-2026-000001", "title": "The relay loses mail", "about": "problem/1"}
    sentence = step_sentence(office.ledger, "en", notice, NoticeType.resolved, {})
    assert sentence.startswith("The cause of PRB-2026-000001 is fixed: The relay loses mail.")
    assert "reopen" not in sentence
    assert "根因已消除" in step_sentence(office.ledger, "zh", notice, NoticeType.resolved, {})
    of_incident = step_sentence(
        office.ledger, "en", notice | {"about": "incident/1"}, NoticeType.resolved, {}
    )
    assert "reopen it within" in of_incident


async def test_what_comes_within_a_minute_goes_together_and_what_comes_later_does_not(office: Office) -> None:
    incident = await office.assigned()
    await office.pass_time(seconds=0)
    await office.pass_time(seconds=30)
    await office.comment(office.engineer, incident)
    await office.pass_time(seconds=29)
    assert await office.notices(office.requester) == []
    await office.pass_time(seconds=2)
    await office.comment(office.engineer, incident)
    await office.deliver_all()
    steps_told = [notice["steps"] for notice in await office.notices(office.requester)]
    assert steps_told == [["received", "assigned", "commented"], ["commented"]]


@in_test_all
async def test_two_tickets_are_two_notices(office: Office) -> None:
    first, second = await office.assigned(), await office.assigned()
    await office.deliver_all()
    about = {notice["about"] for notice in await office.notices(office.requester)}
    assert about == {first.row_key, second.row_key}


async def test_what_is_for_staff_is_told_to_nobody(office: Office) -> None:
    incident = await office.assigned()
    await office.deliver_all()
    before = await office.told_steps(office.requester)
    await office.comment(office.engineer, incident, "internal")
    await office.deliver_all()
    assert await office.told_steps(office.requester) == before


async def test_whoever_may_not_see_it_any_more_when_it_is_sent_is_not_told(office: Office) -> None:
    outsider = await add_caller(office.ledger, "Outsider")
    incident = await office.reported()
    remind = RemindIncident(persons=(str(outsider.person_id), str(office.follower.person_id)))
    await office.perform(rule_caller("tests"), "remind", incident, remind)
    await office.perform(office.follower, "unfollow", incident)
    await office.deliver_all()
    assert await office.told_steps(outsider) == []
    assert await office.told_steps(office.follower) == []


async def test_a_title_is_shown_with_the_rights_that_the_reader_has_by_then(office: Office) -> None:
    incident = await office.reported()
    remind = RemindIncident(persons=(str(office.agent.person_id),))
    await office.perform(rule_caller("tests"), "remind", incident, remind)
    await office.deliver_all()
    outsider = await add_caller(office.ledger, "Outsider")
    for reader, title in ((office.agent, incident.title), (outsider, None)):
        for fields in (None, frozenset({"title"})):
            shows = NoticeRenderer(office.ledger, NOTICES, NoticeOut, reader, "en", fields)
            query = f"select {shows.columns} from fold.notice r where r.person_id = %s"
            rows = await office.ledger.db.rows(query, (office.agent.person_id,))
            await shows.render_many(rows)
            assert [row["title"] for row in rows] == [title]
        full_text = await rendered_text(office, reader)
        assert (str(incident.title) in full_text) == (title is not None)


async def rendered_text(office: Office, reader: Caller) -> str:
    """What the agent's notices say to that reader."""
    shows = NoticeRenderer(office.ledger, NOTICES, NoticeOut, reader, "en")
    query = f"select {shows.columns} from fold.notice r where r.person_id = %s"
    rows = await office.ledger.db.rows(query, (office.agent.person_id,))
    await shows.render_many(rows)
    return " ".join(str(row["text"]) for row in rows)


async def sent(office: Office, caller: Caller) -> str:
    """A file that somebody has sent; gives its id."""

    async def pieces() -> AsyncIterator[bytes]:
        yield b"What the screen said."

    assert caller.person_id is not None
    sending = IncomingUpload(uuid7(), caller, 100, pieces(), office.now)
    return str((await store_upload(office.ledger, sending)).id)


async def test_whoever_has_it_is_told_what_others_say_and_do_and_is_given_to_do(
    office: Office,
) -> None:
    incident = await office.assigned()
    await office.deliver_all()
    await office.comment(office.requester, incident)
    await office.comment(office.engineer, incident)
    await office.comment(office.agent, incident, "internal")
    for visibility in ("public", "internal"):
        upload = await sent(office, office.agent)
        attach = AttachTicket.model_validate({"upload": upload, "name": "x.png", "visibility": visibility})
        await office.perform(office.agent, "attach", incident, attach)
    task = AddTask(title="Order a relay", assignee=str(office.engineer.person_id))
    await office.perform(office.agent, "add_task", incident, task)
    await office.deliver_all()
    assert await office.told_steps(office.engineer) == ["given", "commented", "attached", "tasked"]
    assert (await office.told_steps(office.follower))[-3:] == ["commented", "commented", "attached"]
    resolve = ResolveIncident.model_validate({"resolution_code": "fixed", "done": "Mended."})
    await office.perform(office.engineer, "start", incident)
    await office.perform(office.engineer, "resolve", incident, resolve)
    await office.perform(office.requester, "rate", incident, RateTicket(score=5, comment="Quick."))
    await office.perform(office.requester, "reopen", incident, Reason(reason="It is back."))
    await office.deliver_all()
    assert (await office.told_steps(office.engineer))[-2:] == ["rated", "reopened"]
    assert "rated" not in await office.told_steps(office.follower), "that is between the two"


async def test_who_is_given_a_task_and_saw_nothing_of_it_follows_it_and_who_sees_it_need_not(
    office: Office,
) -> None:
    incident = await office.assigned()
    outsider = await add_caller(office.ledger, "Outsider", Role.engineer)
    for caller in (outsider, office.engineer):
        task = AddTask(title="Order a relay", assignee=str(caller.person_id))
        await office.perform(office.agent, "add_task", incident, task)
    await office.deliver_all()
    assert await office.told_steps(outsider) == ["tasked"]
    assert (await office.told_steps(office.engineer))[-1] == "tasked"
    followers = await office.ledger.db.rows(
        "select person_id from fold.follower where record = %s", (incident.row_key,)
    )
    assert {row["person_id"] for row in followers} == {office.follower.person_id, outsider.person_id}


async def test_a_complaint_is_told_to_those_who_answer_it_but_not_to_whom_it_is_about(office: Office) -> None:
    manager = await add_caller(office.ledger, "Manager", Role.service_level_manager)
    quality = await add_caller(office.ledger, "Quality", Role.quality_manager)
    accused = await add_caller(
        office.ledger, "Accused", Role.engineer, Role.service_level_manager, teams=("mail",)
    )
    incident = await office.assign(await office.reported(), accused)
    resolve = ResolveIncident.model_validate({"resolution_code": "fixed", "done": "Mended."})
    await office.perform(accused, "start", incident)
    await office.perform(accused, "resolve", incident, resolve)
    about = ComplainTicket(subject=ComplaintSubject.conduct, about="They shouted.", about_assignee=True)
    result = await act(office.ledger, office.requester, "incident", "complain", incident.id, about)
    (key,) = result.event.data["set"]
    await office.deliver_all()
    assert await office.told_steps(manager) == await office.told_steps(quality) == ["complained"]
    assert await office.told_steps(accused) == ["given"]
    answer = AnswerComplaint(complaint=id_of(key), findings="So it was.", remedy="We talked.")
    await office.perform(manager, "answer_complaint", incident, answer)
    await office.deliver_all()
    assert (await office.told_steps(office.requester))[-1] == "complaint_answered"
    assert "complaint_answered" not in await office.told_steps(office.follower)
    assert await office.told_steps(manager) == ["complained"], "they know what they have answered"


async def test_managers_are_told_of_a_candidate_by_what_recurs(office: Office) -> None:
    manager = await add_caller(office.ledger, "Manager", Role.problem_manager)
    fields = {"dimension": "service", "value": "mail", "since_at": office.now}
    body = DetectProblemCandidate.model_validate(fields)
    await act(office.ledger, rule_caller("tests"), "problem_candidate", "detect", body=body)
    await office.deliver_all()
    (notice,) = await office.notices(manager)
    assert (notice["number"], notice["title"], notice["steps"]) == ("mail", None, ["recurring"])
    sentence = step_sentence(office.ledger, "en", notice, NoticeType.recurring, {})
    assert sentence == "Incidents of mail keep recurring. Please decide whether they have a common problem."


async def test_whoever_it_is_escalated_to_is_told(office: Office) -> None:
    incident = await office.assigned()
    boss = await add_caller(office.ledger, "Boss", Role.incident_manager)
    escalate = EscalateTicket(person=str(boss.person_id), reason="It takes too long.")
    await office.perform(office.agent, "escalate", incident, escalate)
    await office.deliver_all()
    assert await office.told_steps(boss) == ["escalated"]


async def test_a_comment_on_a_duplicate_is_told_to_the_staff_of_the_original_and_to_no_other_customer(
    office: Office,
) -> None:
    original = await office.assigned()
    other = await add_caller(office.ledger, "Another")
    duplicate = await act(office.ledger, other, "incident", "report", body=a_report(), now=office.now)
    await office.perform(
        office.agent, "mark_duplicate", duplicate.record, MarkDuplicateIncident(original=str(original.id))
    )
    await office.deliver_all()
    await office.comment(other, duplicate.record)
    await office.deliver_all()
    await office.deliver_all()
    assert (await office.told_steps(office.engineer))[-1] == "commented"
    assert "commented" not in await office.told_steps(office.requester)
    about = [notice["about"] for notice in await office.notices(other) if "commented" in notice["steps"]]
    assert about == [], "they know what they said"


@in_test_all
async def test_those_reminded_are_told(office: Office) -> None:
    incident = await office.assigned()
    await office.deliver_all()
    remind = RemindIncident(persons=(str(office.engineer.person_id),))
    await office.perform(rule_caller("tests"), "remind", incident, remind)
    await office.deliver_all()
    assert await office.told_steps(office.engineer) == ["given", "reminded"]


async def test_erased_and_inactive_persons_are_told_nothing(office: Office) -> None:
    await office.assigned()
    await act(office.ledger, rule_caller("tests"), "person", "erase", office.requester.person_id)
    await act(office.ledger, rule_caller("tests"), "person", "deactivate", office.follower.person_id)
    await office.deliver_all()
    assert await office.told_steps(office.requester) == await office.told_steps(office.follower) == []
    assert await office.ledger.db.rows("select * from deliveries.waiting") == []


async def test_whoever_does_not_want_to_be_told_is_not(office: Office) -> None:
    quiet = SetPreferencesPerson(told_of=(NoticeType.resolved,), told_by_mail=())
    requester = office.requester
    await act(office.ledger, requester, "person", "set_preferences", requester.person_id, quiet)
    await office.assigned()
    await office.deliver_all()
    assert await office.told_steps(office.requester) == []
    assert await office.told_steps(office.follower) == ["assigned"]


KEEP = """
create table deliveries.kept as select w.*, min(position) over (partition by person_id, stream) as first
from deliveries.waiting w"""
# As if what was settled were there, and the deleting of it had never been committed.
AGAIN = """
insert into deliveries.waiting (person_id, position, stream, version, step, due_at, bundle)
select person_id, position, stream, version, step, due_at, first from deliveries.kept"""


async def test_a_worker_that_dies_after_sending_sends_nothing_twice_and_loses_nothing(
    office: Office, place: DatabaseUrls
) -> None:
    incident = await office.assigned()
    await office.pass_time(seconds=0)
    owner = await connect(place.owner_url)
    try:
        await owner.execute(KEEP)
        await office.pass_time(seconds=61)
        steps_told = await office.told_steps(office.requester)
        await owner.execute(AGAIN)
    finally:
        await owner.close()
    await office.comment(office.engineer, incident)
    await office.deliver_all()
    assert await office.told_steps(office.requester) == [*steps_told, "commented"]
    assert await office.ledger.db.rows("select * from deliveries.waiting") == []


def _fails(name: str, error: Exception) -> None:
    raise error


@in_test_all
async def test_two_workers_at_once_send_each_notice_once(office: Office) -> None:
    for _ in range(3):
        await office.assigned()
    await office.pass_time(seconds=0)
    office.now = office.now.replace(year=office.now.year + 1)
    workers = [Worker(office.ledger, is_alone=False) for _ in range(3)]
    await asyncio.gather(*(worker.work(office.now) for worker in workers))
    await office.pass_time(seconds=0)
    assert await office.told_steps(office.requester) == ["received", "assigned"] * 3


async def test_a_machine_is_told_nothing(office: Office) -> None:
    body = AddPerson(name="A monitor", kind=PersonKind.machine, roles=(Role.integration.value,))
    machine = (await act(office.ledger, rule_caller("tests"), "person", "add", body=body)).record
    roles = (RoleGrant(Role.integration),)
    office.requester = Caller(f"integration:{machine.id}", machine.id, roles=roles)
    done = await act(office.ledger, office.requester, "incident", "report", body=a_report(), now=office.now)
    follow = FollowTicket(person=str(office.follower.person_id))
    await office.assign(await office.perform(office.agent, "follow", done.record, follow), office.engineer)
    await office.deliver_all()
    assert await office.told_steps(office.requester) == []
    assert await office.told_steps(office.follower) == ["assigned"]


ASSIGNEE = "select assignee_id::text from fold.incident where id = %s"


async def _ought(world: RandomWorld) -> set[tuple[UUID, str, int]]:
    """Who ought to be told of which event of the world's incidents, each looked at by itself."""
    expected: set[tuple[UUID, str, int]] = set()
    for incident in world.incidents:
        rows = await world.ledger.db.rows(
            f"select {COLUMNS} from log.event where stream = %s order by version", (f"incident/{incident}",)
        )
        requester, followers = None, set[str]()
        for event in map(recorded, rows):
            payload, name = event.data["given"], event.type.removeprefix("incident.")
            requester = event.data["set"].get(event.stream, {}).get("requester_id", requester)
            for kind in ("follower", "onlooker"):
                followers |= {str(row["person_id"]) for row in event.rows_set(kind).values()}
            is_public = name in steps.PUBLIC and not event.staff_only
            concerned = {requester, *followers} if is_public else set()
            if name in steps.TO_ASSIGNEE and not event.staff_only:
                concerned.add(await world.ledger.db.value(ASSIGNEE, (incident,)))
            if name == "assigned":
                concerned.add(payload.get("person"))
            if name == "declared_major":
                concerned.add(payload["commander"])
            if name == "reviewed":
                concerned |= {action["owner"] for action in payload["actions"]}
            if name == "reminded":
                concerned |= set(payload["persons"])
            for person in concerned - {None, event.actor.partition(":")[2]}:
                if await _sees(world, person, event.stream):
                    expected.add((UUID(person), event.stream, event.version))
    return expected


async def _sees(world: RandomWorld, person: str, name: str) -> bool:
    """Whether the person may see it as it stands, and is no machine."""
    (caller,) = (
        world_caller for world_caller in world.callers.values() if str(world_caller.person_id) == person
    )
    audience = await world.ledger.db.value("select audience from log.stream_head where stream = %s", (name,))
    lifecycle = world.ledger.lifecycles["incident"]
    return caller.actor.startswith("person:") and can_see(caller, lifecycle, audience, agents_see="teams")


async def _tell(ledger: Ledger) -> None:
    """All that there is to tell is told."""
    now = datetime.now(UTC)
    connection = await connect(ledger.db.url, FOLLOW_LIMITS)
    try:
        await catch_up(connection, notices.consumer(ledger, lambda: now))
        while await notices.send_due(connection, ledger, now + timedelta(minutes=2), failed=_fails):
            pass
    finally:
        await connection.close()


@pytest.fixture
async def world(ledger: Ledger) -> RandomWorld:
    return await RandomWorld.create(ledger)


@settings(
    max_examples=examples(15),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(history=st.lists(acts(), min_size=5, max_size=25))
async def test_of_whatever_happens_each_is_told_exactly_what_they_may_see_once(
    world: RandomWorld, history: list[Act]
) -> None:
    await world.play(history)
    await _tell(world.ledger)
    rows_told = [
        (row["person_id"], row["about"], version)
        for row in await world.ledger.db.rows("select * from fold.notice")
        for version in row["versions"]
    ]
    assert len(rows_told) == len(set(rows_told)), "once"
    names = {f"incident/{incident}" for incident in world.incidents}
    assert {row_told for row_told in rows_told if row_told[1] in names} == await _ought(world)
