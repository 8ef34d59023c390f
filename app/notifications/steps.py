"""Pending notices of an event, for the persons it names and for groups of recipients (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from app.common.notices import NoticeType, RecipientRule
from app.common.people import Role
from app.common.times.clocks import ClockEventType
from app.log.events import Recorded, id_of, kind_of
from app.notifications.responsible import ResponsibilityMarks

#: The notices to the requester and the followers, by type of event without its kind.
PUBLIC = {
    "reported": NoticeType.received,
    "raised": NoticeType.received,
    "assigned": NoticeType.assigned,
    "commented": NoticeType.commented,
    "comment_passed_on": NoticeType.commented,
    "attached": NoticeType.attached,
    "attachment_passed_on": NoticeType.attached,
    "held": NoticeType.held,
    "declared_major": NoticeType.updated,
    "update_posted": NoticeType.updated,
    "submitted": NoticeType.received,
    "solution_proposed": NoticeType.to_review,
    "submitted_for_acceptance": NoticeType.to_accept,
    "acceptance_failed": NoticeType.updated,
    "approved": NoticeType.approved,
    "refused": NoticeType.refused,
    "resolved": NoticeType.resolved,
    "fulfilled": NoticeType.delivered,
    "accepted": NoticeType.delivered,
    "closed": NoticeType.closed,
    "marked_duplicate": NoticeType.duplicate,
    "original_resolved": NoticeType.original_resolved,
    "original_progressed": NoticeType.original_progressed,
    "reopened": NoticeType.reopened,
    "cancelled": NoticeType.cancelled,
    "rejected": NoticeType.rejected,
}
#: The events of a name that means something else of other kinds: these took place, and nothing is on hold.
NOT_ON_HOLD_EVENTS = frozenset({"meeting.held", "training.held", "document.held"})
#: The events that can close a decision: its voters and the person who asked them are notified.
VOTE_ENDING = frozenset(
    {
        *("voted", "chair_decided", "vote_closed", "decision_withdrawn", "people_question_voided"),
        *("cancelled", "rejected", "withdrawn"),
    }
)
#: The notices to all participants of a meeting, by type of event.
TO_INVITED = {
    "meeting.moved": NoticeType.moved,
    "meeting.cancelled": NoticeType.called_off,
    "meeting.minuted": NoticeType.minuted,
}
#: The notices to the chair and the organiser of a meeting, by type of event.
TO_LEADS = {
    "meeting.fell_overdue": NoticeType.overdue,
    "meeting.series_ended": NoticeType.series_over,
}
#: The notices to the assignee of a ticket, about actions of others that may need a reaction.
TO_ASSIGNEE = {
    name: PUBLIC[name]
    for name in (
        "commented",
        "comment_passed_on",
        "attached",
        "attachment_passed_on",
        "reopened",
        "cancelled",
        "approved",
        "acceptance_failed",
    )
}
TO_ASSIGNEE["rated"] = NoticeType.rated
#: The outcome of a vote to decide later.
DEFERRED = "deferred"
#: The events by which an original gets what was written on a duplicate, for staff only if customers differ.
PASSED_ON = frozenset({"comment_passed_on", "attachment_passed_on"})


#: Notices about clocks to the people responsible for a ticket, by type of event.
OF_CLOCKS = {
    ClockEventType.warned.value: NoticeType.target_close,
    ClockEventType.breached.value: NoticeType.target_missed,
}
#: The person who answers for the agreements is also notified of missed targets.
MISSED = RecipientRule(NoticeType.target_missed, roles=frozenset({Role.service_level_manager}))

#: Fields of a ticket by which an observed event marks a step, whatever its type: a ticketing tool reports the
#: ticket's present content, and its assignment together with its state.
STEP_FIELDS = {
    "assigned": ("team_id", "assignee_id"),
    "declared_major": ("declared_major_at",),
    "update_posted": ("statement",),
}


class RecipientGroup(StrEnum):
    """A group of recipients of an event that names no people.

    `public`: the requester and the followers; `assignee`: the assignee; `asked`: the voters of a decision and
    the person who asked them; `yet_to_vote`: the voters without a vote; `invited`: the participants of a
    meeting; `leads`: its chair and its organiser; `responsible`: the assignee of a ticket, or else the lead
    of its team.
    """

    public = "public"
    assignee = "assignee"
    asked = "asked"
    yet_to_vote = "yet_to_vote"
    invited = "invited"
    leads = "leads"
    responsible = "responsible"


@dataclass(frozen=True, slots=True)
class PendingNotice:
    """A notice type for a recipient of an event; `recipient` is a person, a group or a rule by which persons
    are found, and `decision_id` the decision that it concerns. `about` is the stream of the record that the
    event is about; None: the event is of that record's own stream.
    """

    event: Recorded
    step: NoticeType
    recipient: UUID | RecipientGroup | RecipientRule
    decision_id: UUID | None = None
    about: str | None = None

    @property
    def record(self) -> str:
        """The stream of the record that the recipient is notified of."""
        return self.about or self.event.stream

    @property
    def actor_id(self) -> UUID | None:
        """The id of the person or integration that caused the event, directly or on whose behalf a rule did
        it: they need no notice of it. None if no such account caused it. For an event observed in another
        system only a person counts, not the integration that reported it.
        """
        causing = ("person",) if self.event.is_observed else ("person", "integration")
        for actor in (self.event.actor, self.event.on_behalf_of or ""):
            kind, _, name = actor.partition(":")
            if kind in causing:
                return UUID(name)
        return None


def notified_event_types(
    tickets: Iterable[str], decided: Iterable[str], marked: ResponsibilityMarks
) -> list[str]:
    """Return the types of events that cause notices: those of the kinds of tickets, those of votes on the
    kinds of records that can be decided about, those of clocks, and those that name responsible persons.
    Those include all types of events on tickets, as a ticket names its assignee.
    """
    of_tickets = {f"{kind}.{name}" for kind in tickets for name in PUBLIC.keys() | TO_ASSIGNEE.keys()}
    of_votes = {f"{kind}.{name}" for kind in decided for name in VOTE_ENDING | {"voters_reminded"}}
    return sorted(
        of_tickets | of_votes | marked.types | TO_INVITED.keys() | TO_LEADS.keys() | OF_CLOCKS.keys()
    )


def pending_notices(event: Recorded, marked: ResponsibilityMarks) -> Iterator[PendingNotice]:
    """Yield the pending notices of the event, those for responsible people first, as they are more specific.
    An event for staff only notifies staff, except that another customer's text on a duplicate notifies the
    assignee of the original.
    """
    for person, step in marked.named_persons(event).items():
        yield PendingNotice(event, step, person)
    for tells in marked.recipient_rules(event):
        yield PendingNotice(event, _by_outcome(event, tells.step), tells)
    if not event.staff_only:
        yield from _public_notices(event)
    else:
        yield from _passed_on_notices(event)


def _by_outcome(event: Recorded, step: NoticeType) -> NoticeType:
    """Return the notice type for the outcome: processes that return a record after any vote against it do not
    call a deferral a refusal.
    """
    is_deferred = step is NoticeType.refused and event.payload.get("outcome") == DEFERRED
    return NoticeType.deferred if is_deferred else step


def clock_notices(event: Recorded, ticket: str) -> Iterator[PendingNotice]:
    """Yield the pending notices of an event of a clock that measures the ticket of that stream."""
    step = OF_CLOCKS[event.type]
    yield PendingNotice(event, step, RecipientGroup.responsible, about=ticket)
    if step is MISSED.step:
        yield PendingNotice(event, step, MISSED, about=ticket)


def _passed_on_notices(event: Recorded) -> Iterator[PendingNotice]:
    for name in PASSED_ON.intersection(_step_names(event)):
        yield PendingNotice(event, TO_ASSIGNEE[name], RecipientGroup.assignee)


def _public_notices(event: Recorded) -> Iterator[PendingNotice]:
    names = _step_names(event)
    for steps, group in ((PUBLIC, RecipientGroup.public), (TO_ASSIGNEE, RecipientGroup.assignee)):
        # Each person is notified of each event once: of its first step.
        for name in [name for name in names if name in steps][:1]:
            yield PendingNotice(event, steps[name], group)
    yield from _decision_notices(event, names)
    if event.type in TO_INVITED:
        yield PendingNotice(event, TO_INVITED[event.type], RecipientGroup.invited)
    if event.type in TO_LEADS:
        yield PendingNotice(event, TO_LEADS[event.type], RecipientGroup.leads)


def _step_names(event: Recorded) -> list[str]:
    """Return the steps of the event, by type of event without its kind: that of its own type, and those of
    the fields that an observed event sets.
    """
    is_silent = event.is_past or event.type in NOT_ON_HOLD_EVENTS
    names = [] if is_silent else [event.type.removeprefix(f"{kind_of(event.stream)}.")]
    if event.is_observed and not event.repeats_earlier:
        fields_set = {name for name, value in event.set_fields.items() if value is not None}
        names += [name for name, fields in STEP_FIELDS.items() if not fields_set.isdisjoint(fields)]
    return names


def _decision_notices(event: Recorded, names: Sequence[str]) -> Iterator[PendingNotice]:
    """Yield the notices to voters who are reminded of a decision, or whose decision has closed."""
    if "voters_reminded" in names:
        yield PendingNotice(
            event, NoticeType.vote_due, RecipientGroup.yet_to_vote, UUID(event.payload["decision"])
        )
    if not VOTE_ENDING.isdisjoint(names):
        for row, fields in event.rows_set("decision").items():
            if "closed_at" in fields:
                yield PendingNotice(event, NoticeType.decided, RecipientGroup.asked, id_of(row))
