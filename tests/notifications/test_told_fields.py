"""What notices tell of events: the table of fields, their labels, and nothing that is not for the reader."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import BaseModel

from app.common.notices import NoticeKind, NoticeType, Responsible
from app.common.people import Caller, Role, rule_caller
from app.common.state_fields import EnteredAt
from app.foundation.decisions.payloads import Tallied
from app.foundation.decisions.records import Vote
from app.governance.maintenance_rounds.records import MaintenanceRound
from app.i18n import LANGUAGES, sentences
from app.kernel.actions.payloads import Reason, marks, part_types
from app.notifications import mail, texts
from app.notifications.details import ACT_BY, load_details
from app.notifications.quoted import deadline_of, end_of_day
from app.notifications.told_fields import DEADLINES, DUE_DAYS, TOLD_FIELDS, asks_for_action, declared_labels
from app.processes.incidents.payloads import RemindIncident
from app.registry import LIFECYCLES
from app.ticketing.work.assignment import AssignTicket, EscalateTicket
from app.ticketing.work.tasks import AddTask
from tests.notifications.conftest import Office
from tests.notifications.told_values import NEED_NOT_SAY, says_why_or_how, told_by
from tests.people import act, add_caller

PATHS = [
    (step, *part.split("."))
    for step, paths in TOLD_FIELDS.items()
    for path in paths
    for part in path.split("|")
]


def has_field(place: str, name: str) -> bool:
    """Whether any process has such a field there."""
    for lifecycle in LIFECYCLES:
        bodies: list[Any] = [row.body for row in lifecycle.rows]
        rows = {child.KIND: child for child in lifecycle.children}
        models: list[Any] = {
            "given": bodies,
            "cause": bodies,
            "seen": bodies,
            "own": [lifecycle.record],
            lifecycle.kind: [lifecycle.record],
            "mine": [lifecycle.record, *rows.values()],
            "part": [part for body in bodies for part in part_types(body).values()],
            "reasons": [Vote],
        }.get(place, [rows[place]] if place in rows else [])
        if any(name in model.model_fields for model in models):
            return True
    return False


@pytest.mark.parametrize(("step", "place", "name"), PATHS)
def test_each_field_that_is_told_is_one_of_a_process_and_has_a_label(
    step: NoticeType, place: str, name: str
) -> None:
    assert has_field(place, name), f"{step}: nothing has {place}.{name}"
    for language in LANGUAGES:
        assert declared_labels(language)[name.removesuffix("_id")]


#: Each type of notice with the types of events that the rows of the tables have it tell of.
TOLD_EVENTS = [
    (step, event, row)
    for lifecycle in LIFECYCLES
    for row in lifecycle.rows
    for step, event in told_by(lifecycle, row)
]


def need_not_be_told(step: NoticeType, body: type[BaseModel], name: str) -> bool:
    """Why something is held stands in the sentence; how a vote ended is told of the decision."""
    of_decision = issubclass(body, Tallied) and name in Tallied.model_fields
    return of_decision or f"{step.value}.{name}" in {*NEED_NOT_SAY, "held.reason"}


@pytest.mark.parametrize("step", sorted({step for step, _, _ in TOLD_EVENTS}))
def test_each_type_of_notice_tells_why_and_how_it_ended_of_every_event_that_may_say_so(
    step: NoticeType,
) -> None:
    fields_told = {
        part.removeprefix("given.") for path in TOLD_FIELDS.get(step, ()) for part in path.split("|")
    }
    missing = {
        f"{event}: {name}"
        for told_step, event, row in TOLD_EVENTS
        if told_step is step
        for name in row.body.model_fields
        if says_why_or_how(row.body, name)
        and name not in fields_told
        and not need_not_be_told(step, row.body, name)
    }
    assert not missing


def test_no_label_is_of_a_field_that_nobody_is_told() -> None:
    labels_told = {ACT_BY, *(name.removesuffix("_id") for _, _, name in PATHS)}
    for language in LANGUAGES:
        assert declared_labels(language).keys() == labels_told


def test_what_waits_for_somebody_says_what_it_asks_and_every_kind_says_why() -> None:
    waiting = {step.value for step in NoticeType if step.kind is NoticeKind.waits_for_you}
    for language in LANGUAGES:
        assert sentences(language)["notice_ask"].keys() == waiting
        assert sentences(language)["notice_why"].keys() == {kind.value for kind in NoticeKind}


#: Notices that ask for something whose sentence itself says until when, or from when on.
SAY_WHEN_THEMSELVES = {
    NoticeType.agreement_ends: "{day}",
    NoticeType.deliveries_failing: "for a third day",
    NoticeType.process_published: "from their effective date",
    NoticeType.process_cut_over: "from now on",
    NoticeType.improvement_standardised: "is now the standard",
}
#: Fields by which surveys say until when.
ENDS = {NoticeType.survey_invited: "own.ends_at", NoticeType.survey_reminded: "own.ends_at"}


def test_each_type_of_notice_whose_sentence_asks_for_something_says_until_when() -> None:
    sentences_of_types = sentences("en")["notice"]
    asking = {step for step in NoticeType if "Please " in sentences_of_types[step.value]}
    assert len(asking) > 30
    exempt = SAY_WHEN_THEMSELVES.keys() | ENDS.keys()
    assert {step for step in asking if not asks_for_action(step)} <= exempt
    for step, words in SAY_WHEN_THEMSELVES.items():
        assert words in sentences_of_types[step.value], step
    assert all(field in TOLD_FIELDS[step] for step, field in ENDS.items())
    # Sentences of a kind of record ask only where its type does, or if it happens again.
    types = {step.value for step in NoticeType}
    own = {text for name, text in sentences_of_types.items() if name not in types and "Please " in text}
    assert own == {text for text in own if text.startswith("Please ")}


MANY_DEADLINES = {
    step: names
    for step in NoticeType
    if step.kind in (NoticeKind.waits_for_you, NoticeKind.is_yours)
    and len(names := {name for told_step, _, name in PATHS if told_step is step and name in DEADLINES}) > 1
}


@dataclass(frozen=True)
class Dated:
    """A date that a notice shows."""

    name: str
    value: datetime
    model: type[BaseModel] = MaintenanceRound


def test_a_notice_is_due_when_what_it_asks_is_due_not_on_the_earliest_day_that_it_shows() -> None:
    assert NoticeType.maintenance_due in MANY_DEADLINES
    due_at, zone = datetime(2026, 12, 16, tzinfo=UTC), ZoneInfo("UTC")
    dates = [Dated("due_at", due_at), Dated("planned_at", due_at - timedelta(days=3))]
    for step, names in MANY_DEADLINES.items():
        if {"due_at", "planned_at"} <= names:
            assert deadline_of(step, dates, zone) == deadline_of(step, dates[::-1], zone) == due_at, step
            assert deadline_of(step, dates[1:], zone) == dates[1].value


def test_a_day_that_a_notice_of_a_duty_shows_was_not_when_something_was_planned() -> None:
    past = []
    for lifecycle in LIFECYCLES:
        if NoticeType.in_charge not in {mark.step for mark in marks(lifecycle.record, Responsible).values()}:
            continue
        fields = lifecycle.record.model_fields
        shown_days = {
            name
            for told_step, place, name in PATHS
            if told_step is NoticeType.in_charge and place in ("own", lifecycle.kind) and name in fields
        }
        written = {
            name
            for name in shown_days & set(DEADLINES)
            if name in marks(lifecycle.record, EnteredAt)
            or (fields[name].description or "").startswith("Time at which")
        }
        past += [f"{lifecycle.kind}.{name}" for name in sorted(written)]
    assert past == []


#: Points and people have neither number nor title: what they are for, or who it is, is a field of the notice.
WITHOUT_NUMBER = (
    NoticeType.points_given,
    NoticeType.points_withdrawn,
    NoticeType.duties_held,
    NoticeType.login_changed,
)


@pytest.mark.parametrize("step", [step for step in NoticeType if step not in WITHOUT_NUMBER])
def test_every_notice_has_a_sentence_with_the_number_in_both_languages(step: NoticeType) -> None:
    # Those of agreements have a sentence for each event.
    for language in LANGUAGES:
        sentence = sentences(language)["notice"][step.value]
        assert "{number}" in sentence or "{title}" in sentence


async def shown(office: Office, reader: Caller, language: str = "en", owner: Caller | None = None) -> str:
    """What somebody reads in their own notices, or in those of somebody else."""
    notices = await office.notices(owner or reader)
    payloads = await texts.load_payloads(office.ledger, texts.steps_of(notices))
    details = await load_details(office.ledger, language, reader, notices)
    return "\n".join(texts.text(office.ledger, language, notice, payloads, details) for notice in notices)


async def mailed(office: Office, reader: Caller) -> str:
    """The mail that somebody would get with all that they were told."""
    (notice,) = await office.notices(reader)
    row = {**notice, "sent_at": office.now}
    return await mail.text_of(office.ledger, row, texts.steps_of([row]), reader)


async def test_a_cancelled_ticket_says_who_and_why_in_both_languages(office: Office) -> None:
    incident = await office.reported()
    await office.perform(office.agent, "cancel", incident, Reason(reason="It was the test alarm."))
    await office.deliver_all()
    english = await shown(office, office.follower)
    assert english.splitlines()[-3:] == [
        f"{incident.number} was cancelled.",
        "By: Agent",
        "Reason: It was the test alarm.",
    ]
    chinese = await shown(office, office.follower, "zh")
    assert "操作人：Agent" in chinese
    assert "原因：It was the test alarm." in chinese


async def test_a_notice_names_whom_its_event_assigned_and_not_who_is_assigned_by_now(office: Office) -> None:
    incident = await office.reported()
    await office.perform(rule_caller("tests"), "assign", incident, AssignTicket(team="mail"))
    await office.deliver_all()
    assigned_by_rule = await shown(office, office.follower)
    await office.assign(incident, office.engineer)
    await office.deliver_all()
    text_shown = await shown(office, office.follower)
    assert "By: automatic rule\nTeam: The mail team" in assigned_by_rule
    assert text_shown.startswith(assigned_by_rule), "the later assignment does not change the notice"
    assert text_shown.count("Assignee: Engineer") == 1


async def test_an_escalation_has_the_reason_and_a_reminder_says_what_it_asks(office: Office) -> None:
    incident = await office.assigned()
    boss = await add_caller(office.ledger, "Boss", Role.incident_manager)
    escalate = EscalateTicket(person=str(boss.person_id), reason="It takes too long.")
    await office.perform(office.agent, "escalate", incident, escalate)
    remind = RemindIncident(persons=(str(office.engineer.person_id),))
    await office.perform(rule_caller("tests"), "remind", incident, remind)
    await office.deliver_all()
    text_shown = await shown(office, boss)
    assert "Reason: It takes too long." in text_shown
    assert "By: Agent" in text_shown
    text_shown = await shown(office, office.engineer)
    assert "Please take care of it, or explain what is holding it up." in text_shown
    assert "By: automatic rule" in text_shown


async def test_only_ones_own_task_is_told_with_its_time(office: Office) -> None:
    incident = await office.assigned()
    due_at = office.now + timedelta(days=1)
    for caller, title in ((office.engineer, "Order a relay"), (office.agent, "Ask the users")):
        task = AddTask(title=title, assignee=str(caller.person_id), due_at=due_at)
        await office.perform(office.agent, "add_task", incident, task)
    await office.deliver_all()
    text_shown = await shown(office, office.engineer)
    assert "Title: Order a relay" in text_shown
    assert f"Due: {due_at:%Y-%m-%d %H:%M}" in text_shown
    assert "Ask the users" not in text_shown


async def test_whoever_has_lost_sight_reads_neither_title_nor_who_nor_what(office: Office) -> None:
    incident = await office.reported()
    await office.perform(office.agent, "cancel", incident, Reason(reason="It was the test alarm."))
    await office.deliver_all()
    outsider = await add_caller(office.ledger, "Outsider")
    text_shown = await shown(office, outsider, owner=office.follower)
    assert "test alarm" not in text_shown
    assert "Agent" not in text_shown
    assert "test alarm" in await shown(office, office.follower)


async def test_words_of_an_erased_person_are_not_told(office: Office) -> None:
    incident = await office.reported()
    await office.perform(office.requester, "cancel", incident, Reason(reason="It was the test alarm."))
    await office.deliver_all()
    assert "test alarm" in await shown(office, office.follower)
    await act(office.ledger, rule_caller("tests"), "person", "erase", office.requester.person_id)
    text_shown = await shown(office, office.follower)
    assert "test alarm" not in text_shown
    assert f"{incident.number} was cancelled." in text_shown


async def test_no_sentence_stands_twice_in_a_mail_and_it_says_why_and_where(office: Office) -> None:
    more = {"public_url": "https://desk.example.org/it"}
    office.ledger.settings = office.ledger.settings.model_copy(update=more)
    incident = await office.reported()
    for _ in range(3):
        await office.comment(office.agent, incident)
    await office.comment(office.requester, incident)
    await office.deliver_all()
    mail_text = await mailed(office, office.follower)
    lines = [line for line in mail_text.splitlines() if line]
    assert len([line for line in lines if "new comment" in line]) == 1
    assert mail_text.count("By: Agent") == 1
    assert mail_text.count("By: Requester") == 1
    assert lines[0] == f"Incident {incident.number}: {incident.title}"
    assert f"https://desk.example.org/it/portal/incident/{incident.number}" in lines
    assert "You receive this because you requested it, take part in it or follow it." in lines


#: Names of fields with the time or the last day of a duty.
DUE_FIELDS = frozenset({"due_at", "due_on", "until_at"})


def test_each_notice_of_work_shows_the_day_of_the_row_that_gives_it() -> None:
    missing = set()
    for lifecycle in LIFECYCLES:
        for model in (lifecycle.record, *lifecycle.children):
            for mark in marks(model, Responsible).values():
                dues = DUE_FIELDS & model.model_fields.keys()
                if dues and asks_for_action(mark.step):
                    names = {
                        part.partition(".")[2] for path in TOLD_FIELDS[mark.step] for part in path.split("|")
                    }
                    if not dues & names & {*DEADLINES, *DUE_DAYS}:
                        missing.add((model.KIND, mark.step.value))
    assert missing == set()


def test_a_last_day_ends_with_that_day_in_the_zone_of_the_organisation() -> None:
    assert end_of_day("2030-06-30", ZoneInfo("Asia/Shanghai")).isoformat() == "2030-07-01T00:00:00+08:00"
