"""Meetings: participants are called, meet, and the results are minuted (lifecycle).

called ─► held ─► minuted          called ─► cancelled

The meetings of a series are records of their own: each calls the next one when it begins.
"""

from __future__ import annotations

from datetime import timedelta

from app.common.children import Attachment, ExternalReference, Follower
from app.common.people import Person, Role
from app.common.records import Record
from app.foundation.custom.values import invalid_custom_values, set_custom_fields
from app.foundation.decisions import actions as decisions
from app.foundation.decisions.authorship import agrees_to_what_was_read
from app.foundation.decisions.payloads import AskDecision
from app.foundation.decisions.preparation import NewDecision
from app.foundation.documents.filing import CHILDREN as DOCUMENTS
from app.foundation.documents.filing import load_documents
from app.foundation.documents.keeping.actions import KeptDocuments, document_actions
from app.foundation.editing import apply_patch
from app.foundation.people.records import Group
from app.foundation.people.succession.handing_over import succession_rows
from app.foundation.process_spec import ProcessSpec
from app.foundation.statements.actions import (
    StatementsOfRecord,
    add_statements,
    statement_rows,
    statements_of_record,
)
from app.foundation.statements.records import PersonStatement, StatedFact
from app.kernel.access.audience_rules import to_persons
from app.kernel.access.kinds import Lookup
from app.kernel.actions.actor_policy import admin, process_relation, role, rule, staff
from app.kernel.actions.context import ActionContext
from app.kernel.actions.copying import copy_fields
from app.kernel.actions.lifecycle import NEW_RECORD, STAYS, DueAt, Lifecycle, action
from app.kernel.actions.payloads import (
    EmptyPayload,
    Reason,
)
from app.kernel.actions.related import RelatedCommand
from app.log.events import stream
from app.meetings import checks, preparation
from app.meetings.judging import SIGNERS
from app.meetings.minutes import minute, minutes_document_class, sign
from app.meetings.payloads import (
    AddAgendaItemMeeting,
    CallMeeting,
    CorrectAttendanceMeeting,
    DropAgendaItemMeeting,
    EditMeeting,
    HoldMeeting,
    InviteMeeting,
    MoveMeeting,
    UninviteMeeting,
)
from app.meetings.records import HELD_STATES, AgendaItem, Meeting, Participant
from app.meetings.records import MeetingState as State
from app.ticketing import attachments, comments, links, tags
from app.ticketing.links import LinkTicket, new_link
from app.ticketing.priority import USUAL_PRIORITIES
from app.ticketing.records import Comment, Link, LinkKind, Tag, Task
from app.ticketing.work import tasks

presiding = process_relation("presiding", "chair of the meeting", "会议主席", "chair_id")
convening = process_relation(
    "convening", "chair or organiser", "会议主席或组织者", "chair_id", "organiser_id"
)
#: These withdraw questions of others.
CONVENERS = convening | admin
#: The second signature can be that of a process owner or a member of the committee who attended.
SIGNING = (presiding | role(*SIGNERS)).in_person()
#: Chair and organiser run the meeting without a role; a check refuses other staff.
RUNNING = staff | convening


def call_meeting(meeting: Meeting, body: CallMeeting, ctx: ActionContext) -> None:
    """Call a meeting: its participants are invited."""
    before, group = ctx.ref(Meeting, "follows"), ctx.ref(Group, "group")
    copy_fields(meeting, body, ctx, without="group series_interval series_day")
    meeting.time_zone = body.time_zone or str(ctx.settings.zone)
    invitation = ctx.prepared(preparation.Invitation)
    meeting.chair_id, meeting.organiser_id = invitation.chair_id, invitation.organiser_id
    meeting.planned_at = body.starts_at
    meeting.opened_at = ctx.occurred_at
    if before is not None:
        meeting.group_id = before.group_id
        meeting.series_interval, meeting.series_day = before.series_interval, before.series_day
        meeting.series_id, meeting.series_since_at = before.series_id, before.series_since_at
    else:
        meeting.group_id = group.id if group is not None else None
        if body.series_interval is not None:
            meeting.series_interval, meeting.series_day = body.series_interval, body.series_day
            meeting.series_id, meeting.series_since_at = meeting.id, body.starts_at
    for participant in invitation.participants:
        ctx.outcome.add(participant)
    set_custom_fields(meeting, ctx)


def edit(meeting: Meeting, body: EditMeeting, ctx: ActionContext) -> None:
    """Edit the meeting's details. A new chair is invited."""
    apply_patch(meeting, body, ctx)
    invited = {
        participant.person_id for participant in ctx.prepared(preparation.MeetingParticipants).participants
    }
    if meeting.chair_id is not None and meeting.chair_id not in invited:
        ctx.outcome.add(preparation.participant(meeting, meeting.chair_id, ctx))


def move(meeting: Meeting, body: MoveMeeting, ctx: ActionContext) -> None:
    """Move the meeting to another time. Other meetings of its series keep their times."""
    meeting.starts_at, meeting.ends_at = body.starts_at, body.ends_at
    meeting.overdue_at = None


def invite(meeting: Meeting, body: InviteMeeting, ctx: ActionContext) -> None:
    """Invite more persons to the meeting: they see it from now on."""
    for person in ctx.refs(Person, "persons"):
        ctx.outcome.add(preparation.participant(meeting, person.id, ctx))


def uninvite(meeting: Meeting, body: UninviteMeeting, ctx: ActionContext) -> None:
    """Uninvite a person from the meeting."""
    ctx.outcome.remove(ctx.prepared(preparation.Uninvited).participant)


def add_agenda_item(meeting: Meeting, body: AddAgendaItemMeeting, ctx: ActionContext) -> None:
    """Add an agenda item to the meeting. A ticket that it is about is linked with the meeting."""
    about = ctx.ref(Record, "about")
    places = [item.place or 0 for item in ctx.prepared(preparation.AgendaItems).items]
    item = AgendaItem(
        id=ctx.new_id(),
        record=meeting.row_key,
        place=max(places, default=0) + 1,
        topic=body.topic,
        about=about.row_key if about is not None else None,
        decision_id=body.decision,
        added_at=ctx.occurred_at,
    )
    ctx.outcome.add(item)
    other = ctx.prepared(preparation.UnlinkedRecord).record
    if other is not None:
        ctx.outcome.add(new_link(meeting, LinkKind.relates_to, other, ctx))


def drop_agenda_item(meeting: Meeting, body: DropAgendaItemMeeting, ctx: ActionContext) -> None:
    """Drop an agenda item of the meeting."""
    ctx.outcome.remove(ctx.required_ref(AgendaItem, "item"))


def hold(meeting: Meeting, body: HoldMeeting, ctx: ActionContext) -> None:
    """Hold the meeting: record that it took place, and who attended."""
    _record_attendance(meeting, ctx)


def correct_attendance(meeting: Meeting, body: CorrectAttendanceMeeting, ctx: ActionContext) -> None:
    """Correct the meeting's attendance, until the minutes are signed."""
    _record_attendance(meeting, ctx)


def _record_attendance(meeting: Meeting, ctx: ActionContext) -> None:
    """Set who attended and who did not; remove participants who were neither invited nor present. Statements
    of attendance end for absent people, so that each person is asked only once about a meeting.
    """
    present_ids = {person.id for person in ctx.refs(Person, "attended")}
    participants = ctx.prepared(preparation.MeetingParticipants).participants
    stated = {row.person_id: row for row in ctx.prepared(StatementsOfRecord).rows}
    for person_id, row in stated.items():
        if person_id not in present_ids and row.objected_at is None:
            ctx.outcome.remove(row)
    add_statements(meeting, StatedFact.attended, sorted(present_ids - stated.keys()), ctx)
    for participant in participants:
        if participant.invited or participant.person_id in present_ids:
            ctx.outcome.change(participant).attended = participant.person_id in present_ids
        else:
            ctx.outcome.remove(participant)
    for person_id in sorted(present_ids - {participant.person_id for participant in participants}):
        ctx.outcome.add(preparation.participant(meeting, person_id, ctx, invited=False))


def forget_attendance(meeting: Meeting, row: PersonStatement, ctx: ActionContext) -> None:
    """Record that the person did not attend, who objected."""
    for participant in ctx.prepared(preparation.MeetingParticipants).participants:
        if participant.person_id == row.person_id:
            ctx.outcome.change(participant).attended = False


def cancel(meeting: Meeting, body: Reason, ctx: ActionContext) -> None:
    """Cancel the meeting; its series continues."""


def call_next_meeting(meeting: Meeting, body: EmptyPayload, ctx: ActionContext) -> None:
    """Call the next meeting of the series, with the invited persons who are still active."""
    meeting.next_id = ctx.command.related_id
    meeting.next_at = checks.next_meeting_start(meeting, ctx.now)


def _next_meeting_payload(meeting: Meeting, body: EmptyPayload) -> CallMeeting:
    """Return the payload that calls the next meeting."""
    assert meeting.next_at is not None
    assert meeting.meeting_kind is not None
    assert meeting.starts_at is not None
    assert meeting.ends_at is not None
    return CallMeeting(
        title=str(meeting.title),
        meeting_kind=meeting.meeting_kind,
        starts_at=meeting.next_at,
        ends_at=meeting.next_at + (meeting.ends_at - meeting.starts_at),
        time_zone=meeting.time_zone,
        place=meeting.place,
        follows=str(meeting.id),
    )


def end_series(meeting: Meeting, body: EmptyPayload, ctx: ActionContext) -> None:
    """End the meeting's series: no further meeting is called."""
    meeting.series_ended_at = ctx.occurred_at


#: The time that people have to record who attended.
RECORDED_WITHIN = timedelta(days=1)


def fall_overdue(meeting: Meeting, body: EmptyPayload, ctx: ActionContext) -> None:
    """Flag the meeting as overdue: its time has passed, and it was not recorded as held."""
    meeting.overdue_at = ctx.occurred_at


def ask_decision(meeting: Meeting, body: AskDecision, ctx: ActionContext) -> None:
    """Ask the meeting a question: its group decides it by majority or, without a group, its participants."""
    decisions.add_prepared_decision(ctx.prepared(NewDecision), ctx)


LINK_AGENDA_RECORD = RelatedCommand(
    action="link",
    field="about",
    record=lambda ctx: (
        () if (other := ctx.prepared(preparation.UnlinkedRecord).record) is None else other.row_key
    ),
    body=lambda meeting, body: LinkTicket(kind=LinkKind.relates_to, other=str(meeting.id)),
)
CALL_NEXT_MEETING = RelatedCommand(
    action="call",
    field="",
    record=lambda ctx: stream(Meeting.KIND, ctx.command.related_id),
    body=_next_meeting_payload,
)
CHILDREN = (
    ExternalReference,
    *decisions.CHILDREN,
    *DOCUMENTS,
    Participant,
    AgendaItem,
    Comment,
    Tag,
    Attachment,
    Link,
    Task,
    Follower,
    PersonStatement,
)
OPEN = (State.called, State.held)
DECISIONS = decisions.DecisionSpec(
    kind="meeting",
    any=State,
    matters=(preparation.ANY_MATTER,),
    who_withdraws=CONVENERS,
)
PROCESS = ProcessSpec("meeting", State, State, (), Role.process_owner, USUAL_PRIORITIES, tasks.USUAL_TASKS)

#: A signature under minutes that others have written again names what was read.
SIGNED_AS_READ = agrees_to_what_was_read(("minuted",))

# fmt: off
LIFECYCLE = Lifecycle(
    kind="meeting", plural="meetings", zh="会议", record=Meeting, code="MTG",
    visible=(to_persons("chair_id", "organiser_id"),),
    children=CHILDREN, lookup=Lookup(searched_fields=("title", "place")),
    rows=(
        #      action              中文          from            to               who           event
        action(call_meeting,       "召集",       NEW_RECORD,      State.called,    staff | rule, "meeting.called", name="call",
               prepare=(preparation.invitation,), wrong=(invalid_custom_values,)),
        action(edit,               "编辑",       [State.called],  STAYS,           RUNNING, "meeting.edited",
               unless=(checks.not_its_convener,), prepare=(preparation.participants,), wrong=(checks.chair_or_organiser_removed, invalid_custom_values)),
        action(move,               "改期",       [State.called],  STAYS,           RUNNING, "meeting.moved",
               unless=(checks.not_its_convener,), wrong=(checks.new_time_invalid,)),
        action(invite,             "邀请",       [State.called],  STAYS,           RUNNING, "meeting.invited",
               unless=(checks.not_its_convener,), prepare=(preparation.participants,), wrong=(checks.already_invited,)),
        action(uninvite,           "取消邀请",   [State.called],  STAYS,           RUNNING, "meeting.uninvited",
               unless=(checks.not_its_convener,), prepare=(preparation.uninvited,), wrong=(checks.chairs_it,)),
        action(add_agenda_item,    "添加议题",   OPEN,            STAYS,           staff | rule, "meeting.agenda_item_added",
               prepare=(preparation.agenda, preparation.unlinked_record), wrong=(checks.cannot_add_agenda_item,), staff_only=True, related=LINK_AGENDA_RECORD),
        action(drop_agenda_item,   "撤下议题",   OPEN,            STAYS,           staff, "meeting.agenda_item_dropped", staff_only=True),
        action(hold,               "召开",       [State.called],  State.held,      RUNNING, "meeting.held",
               unless=(checks.not_its_convener, checks.not_begun), prepare=(preparation.participants, statements_of_record), wrong=(checks.attended_twice,)),
        action(correct_attendance, "更正出席情况", HELD_STATES,     STAYS,           RUNNING, "meeting.attendance_corrected",
               unless=(checks.not_its_convener, checks.already_signed), prepare=(preparation.participants, statements_of_record),
               wrong=(checks.attended_twice, checks.attendance_denied)),
        action(minute,             "记录纪要",   HELD_STATES,     State.minuted,   RUNNING, "meeting.minuted",
               unless=(checks.already_signed,), prepare=(preparation.agenda, load_documents), wrong=(checks.invalid_minutes,), document=minutes_document_class),
        action(sign,               "签署纪要",   [State.minuted], STAYS,           SIGNING, "meeting.signed",
               unless=(checks.may_not_sign,), prepare=(load_documents,), wrong=(SIGNED_AS_READ,)),
        action(cancel,             "取消",       [State.called],  State.cancelled, RUNNING, "meeting.cancelled", unless=(checks.not_its_convener,)),
        action(call_next_meeting,  "召集下次会议", State,           STAYS,           staff | rule, "meeting.next_called", name="call_next",
               unless=(checks.series_is_over,), wrong=(checks.no_invitees_left,), related=CALL_NEXT_MEETING),
        action(end_series,         "结束系列会议", State,           STAYS,           RUNNING | rule, "meeting.series_ended",
               unless=(checks.not_its_convener, checks.series_is_over)),
        action(fall_overdue,       "标记逾期",   [State.called],  STAYS,           rule, "meeting.fell_overdue",
               due=DueAt("ends_at", "flag_overdue_meetings", unless="overdue_at", after=RECORDED_WITHIN)),
        action(ask_decision,       "提请决议",   OPEN,            STAYS,           staff, "meeting.decision_asked",
               unless=(checks.guest_of_meeting,), prepare=(preparation.question,), wrong=(preparation.nobody_decides,)),
        *document_actions(KeptDocuments(kind="meeting", any=(State.minuted,))),
        *decisions.rows(DECISIONS), *tasks.rows(PROCESS),
        *comments.rows(PROCESS), *tags.rows(PROCESS), *attachments.rows(PROCESS), *links.rows(PROCESS),
        *statement_rows("meeting", HELD_STATES, forget=forget_attendance, prepare=(preparation.participants,)),
        *succession_rows("meeting", State),
    ),
)
# fmt: on
