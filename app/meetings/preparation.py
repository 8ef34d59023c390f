"""Preparations of actions on meetings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from app.common.people import Person
from app.common.records import Record
from app.common.tickets import Ticket
from app.foundation.decisions.approval_rules.electors import Seat
from app.foundation.decisions.matters import Matter
from app.foundation.decisions.payloads import AskDecision
from app.foundation.decisions.preparation import NewDecision, Question, named_decision
from app.foundation.decisions.records import DecisionRule
from app.foundation.decisions.voters.electorate import NamedElectorate, named_electorate
from app.foundation.people.records import Group, GroupMember, GroupState, RepresentedSide
from app.kernel.access.reads import ReadContext
from app.kernel.actions.context import ActionContext
from app.kernel.actions.refusals import WrongValue, caller_check
from app.meetings.payloads import MOST_INVITED, AddAgendaItemMeeting, CallMeeting, UninviteMeeting
from app.meetings.records import AgendaItem, Meeting, Participant
from app.ticketing.records import Link, LinkKind

#: A free question may be answered for this long unless a shorter time is given.
ANY_MATTER = Matter()
DECISION_PERIOD = timedelta(days=7)
#: A question may be asked and answered while the meeting is held.
LEAST_DECISION_PERIOD = timedelta(minutes=1)
LONGEST_MEETING = timedelta(days=31)


@dataclass(frozen=True, slots=True)
class Invitation:
    """The chair and the organiser of a new meeting, and the child records of its participants."""

    chair_id: UUID | None
    organiser_id: UUID | None
    participants: tuple[Participant, ...]


async def invitation(
    reads: ReadContext, meeting: Meeting, body: CallMeeting, ctx: ActionContext
) -> Invitation:
    """Find the participants, the chair and the organiser. Raises WrongValue if the meeting cannot be called
    so.
    """
    lies_ahead(body.starts_at, body.ends_at, ctx)
    before = ctx.ref(Meeting, "follows")
    if before is not None:
        return await _invite_from_previous(reads, before, meeting, ctx)
    group, chair = ctx.ref(Group, "group"), ctx.ref(Person, "chair")
    if group is not None and group.state is GroupState.retired:
        raise WrongValue(pointer="/group", because="group_retired")
    chair_id = chair.id if chair is not None else None
    if chair is None and group is not None and group.chair_id is not None:
        chair_id = next(iter(await reads.active([group.chair_id])), None)
    if chair_id is None:
        raise WrongValue(pointer="/chair", because="missing")
    organiser = ctx.ref(Person, "organiser")
    organiser_id = organiser.id if organiser is not None else ctx.caller.person_id
    sides = await _sides_by_person(reads, group)
    persons = dict.fromkeys((chair_id, *(person.id for person in ctx.refs(Person, "persons"))))
    guests = [guest for guest in persons if guest not in sides]
    if len(sides) + len(guests) > MOST_INVITED:
        raise WrongValue({"most": str(MOST_INVITED)}, pointer="/persons", because="too_many_invited")
    return Invitation(chair_id, organiser_id, _invited(meeting, sides, guests, ctx))


async def _invite_from_previous(
    reads: ReadContext, before: Meeting, meeting: Meeting, ctx: ActionContext
) -> Invitation:
    """Return the invitation to the next meeting of a series: the persons who remain. A group that has grown
    leaves less room for others; the chair of the meeting is the first of these, and always fits in.
    """
    if before.row_key not in reads.own_records:
        raise WrongValue(pointer="/follows", because="by_call_next")
    left = await remaining_of(reads, before)
    guests = left.guests[: MOST_INVITED - len(left.sides)]
    return Invitation(left.chair_id, left.organiser_id, _invited(meeting, left.sides, guests, ctx))


@dataclass(frozen=True, slots=True)
class Remaining:
    """The persons of a meeting who are still active: the members of its group as it is now, each with their
    side, and the `guests`, the meeting's chair first.
    """

    chair_id: UUID | None
    organiser_id: UUID | None
    sides: Mapping[UUID, RepresentedSide | None]
    guests: list[UUID]


async def remaining_of(reads: ReadContext, meeting: Meeting) -> Remaining:
    """Find the persons of the meeting who are still active."""
    loaded = None if meeting.group_id is None else await reads.record("group", str(meeting.group_id))
    group = None if loaded is None or loaded.record.state is GroupState.retired else loaded.record
    rows = await reads.children(Participant, meeting)
    invited = [row.person_id for row in rows if row.invited and not row.from_group]
    chairs = [meeting.chair_id, group.chair_id if group is not None else None]
    person_ids = dict.fromkeys(
        person_id for person_id in (*chairs, meeting.organiser_id, *invited) if person_id is not None
    )
    active_ids = await reads.active(person_ids)
    chair = next((person_id for person_id in chairs if person_id in active_ids), None)
    sides = await _sides_by_person(reads, group)
    persons = dict.fromkeys(
        person_id for person_id in (chair, *invited) if person_id is not None and person_id in active_ids
    )
    return Remaining(
        chair_id=chair,
        organiser_id=meeting.organiser_id if meeting.organiser_id in active_ids else chair,
        sides=sides,
        guests=[person for person in persons if person not in sides],
    )


async def _sides_by_person(reads: ReadContext, group: Group | None) -> dict[UUID, RepresentedSide | None]:
    """Return the active members of the group, and its chair, each with the side that they represent."""
    if group is None:
        return {}
    members = await reads.children(GroupMember, group)
    sides = {member.person_id: member.side for member in members if member.person_id is not None}
    if group.chair_id is not None:
        sides.setdefault(group.chair_id, None)
    active_ids = await reads.active(sides)
    return {person: side for person, side in sides.items() if person in active_ids}


def _invited(
    meeting: Meeting, sides: Mapping[UUID, RepresentedSide | None], guests: Iterable[UUID], ctx: ActionContext
) -> tuple[Participant, ...]:
    """Return the child records of the persons who are invited."""
    return (
        *(
            participant(meeting, person_id, ctx, side=side, from_group=True)
            for person_id, side in sides.items()
        ),
        *(participant(meeting, other, ctx) for other in guests),
    )


def participant(
    meeting: Meeting,
    person_id: UUID,
    ctx: ActionContext,
    *,
    side: RepresentedSide | None = None,
    from_group: bool = False,
    invited: bool = True,
) -> Participant:
    """Return the child record of a person who is invited, or who attended without an invitation."""
    return Participant(
        id=ctx.new_id(),
        record=meeting.row_key,
        person_id=person_id,
        side=side,
        from_group=from_group,
        invited=invited,
        attended=None if invited else True,
        added_at=ctx.occurred_at,
    )


def lies_ahead(starts_at: datetime, ends_at: datetime, ctx: ActionContext) -> None:
    """Check that the meeting's time lies ahead, and is neither empty nor too long. Raises WrongValue."""
    if starts_at <= ctx.occurred_at:
        raise WrongValue(pointer="/starts_at", because="not_ahead")
    if ends_at <= starts_at:
        raise WrongValue(pointer="/ends_at", because="not_behind_start")
    if ends_at > starts_at + LONGEST_MEETING:
        raise WrongValue({"days": str(LONGEST_MEETING.days)}, pointer="/ends_at", because="too_long_a_time")


@dataclass(frozen=True, slots=True)
class MeetingParticipants:
    """The persons who are invited or attended."""

    participants: tuple[Participant, ...]


async def participants(
    reads: ReadContext, meeting: Meeting, body: object, ctx: ActionContext
) -> MeetingParticipants:
    """Find the participants of the meeting."""
    return MeetingParticipants(tuple(await reads.children(Participant, meeting)))


async def question(
    reads: ReadContext, meeting: Meeting, body: AskDecision, ctx: ActionContext
) -> NewDecision:
    """Prepare the question to the meeting's voters, who decide by majority."""
    named = await _named_voters(reads, meeting, ctx.now)
    return await named_decision(reads, meeting, Question(body.question, ANY_MATTER, body.due_at), named, ctx)


@caller_check
async def nobody_decides(reads: ReadContext, meeting: Meeting, body: object, ctx: ActionContext) -> None:
    """Refuse a question that nobody can decide. Raises PreparationRefused."""
    named = await _named_voters(reads, meeting, ctx.now)
    await named_electorate(reads, meeting, ANY_MATTER, named, asker=ctx.caller.person_id, now=ctx.now)


async def is_only_a_guest(reads: ReadContext, meeting: Meeting, person_id: UUID) -> bool:
    """Return whether the meeting has a group in which the person has no seat, and others run the meeting."""
    if meeting.group_id is None or person_id in (meeting.chair_id, meeting.organiser_id):
        return False
    return person_id not in await _voters(reads, meeting)


async def _named_voters(reads: ReadContext, meeting: Meeting, now: datetime) -> NamedElectorate:
    voters = await _voters(reads, meeting)
    assert meeting.starts_at is not None
    # Nobody votes before the meeting begins.
    ahead = max(timedelta(0), meeting.starts_at - now)
    periods = (ahead + DECISION_PERIOD, ahead + LEAST_DECISION_PERIOD)
    return NamedElectorate(DecisionRule.majority, *periods, persons=voters)


async def _voters(reads: ReadContext, meeting: Meeting) -> dict[UUID, Seat]:
    """Return the members and the chair of the meeting's group, invited or not: a person who calls the meeting
    does not choose who decides for the group, and guests advise. Without a group, return the participants.
    """
    group = None if meeting.group_id is None else await reads.record("group", str(meeting.group_id))
    if group is not None:
        sides = await _sides_by_person(reads, group.record)
        return {person_id: Seat(side=side) for person_id, side in sides.items()}
    participants = await reads.children(Participant, meeting)
    return {
        participant.person_id: Seat(side=participant.side)
        for participant in participants
        if participant.person_id and (participant.invited or participant.attended)
    }


@dataclass(frozen=True, slots=True)
class Uninvited:
    """The child record of the person whose invitation is cancelled."""

    participant: Participant


async def uninvited(
    reads: ReadContext, meeting: Meeting, body: UninviteMeeting, ctx: ActionContext
) -> Uninvited:
    """Find the participant whose invitation is cancelled. Raises WrongValue if they were not invited."""
    participant = await reads.child(Participant, meeting, person_id=ctx.required_ref(Person, "person").id)
    if participant is None:
        raise WrongValue(pointer="/person", because="not_invited")
    return Uninvited(participant)


@dataclass(frozen=True, slots=True)
class AgendaItems:
    """The items of the agenda, in order."""

    items: tuple[AgendaItem, ...]


async def agenda(reads: ReadContext, meeting: Meeting, body: object, ctx: ActionContext) -> AgendaItems:
    """Find the present items of the agenda."""
    return AgendaItems(tuple(await reads.children(AgendaItem, meeting)))


@dataclass(frozen=True, slots=True)
class UnlinkedRecord:
    """The unlinked ticket of a new item; None if it is linked already, or the item has no ticket."""

    record: Ticket | None


async def unlinked_record(
    reads: ReadContext, meeting: Meeting, body: AddAgendaItemMeeting, ctx: ActionContext
) -> UnlinkedRecord:
    """Find whether the ticket that the item is about is still to be linked."""
    about = ctx.ref(Record, "about")
    if not isinstance(about, Ticket):
        return UnlinkedRecord(None)
    same = {"other": about.row_key, "kind": LinkKind.relates_to.value}
    return UnlinkedRecord(about if await reads.child(Link, meeting, **same) is None else None)
