"""Pending notices of an event, for the persons it names and for groups of recipients (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from app.common.notices import NoticeType, RecipientRule
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
    "reopened": NoticeType.reopened,
    "cancelled": NoticeType.cancelled,
    "rejected": NoticeType.rejected,
}
#: The events that can close a decision: its voters and the person who asked them are notified.
VOTE_ENDING = frozenset(
    {"voted", "chair_decided", "vote_closed", "decision_withdrawn", "cancelled", "rejected", "withdrawn"}
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
        "reopened",
        "cancelled",
        "approved",
        "acceptance_failed",
    )
}
TO_ASSIGNEE["rated"] = NoticeType.rated


class RecipientGroup(StrEnum):
    """A group of recipients of an event that names nobody.

    `public`: the requester and the followers; `assignee`: the assignee; `asked`: the voters of a decision and
    the person who asked them; `yet_to_vote`: the voters without a vote; `invited`: the participants of a
    meeting; `leads`: its chair and its organiser.
    """

    public = "public"
    assignee = "assignee"
    asked = "asked"
    yet_to_vote = "yet_to_vote"
    invited = "invited"
    leads = "leads"


@dataclass(frozen=True, slots=True)
class PendingNotice:
    """A notice type for a recipient of an event; `recipient` is a person, a group or a rule by which persons
    are found, and `decision_id` the decision that it concerns.
    """

    event: Recorded
    step: NoticeType
    recipient: UUID | RecipientGroup | RecipientRule
    decision_id: UUID | None = None

    @property
    def actor_id(self) -> UUID | None:
        """The id of the person or integration that caused the event, or on whose behalf an automation rule
        did, and who needs no notice; None if neither did.
        """
        for actor in (self.event.actor, self.event.on_behalf_of or ""):
            who, _, name = actor.partition(":")
            if who in ("person", "integration"):
                return UUID(name)
        return None


def notified_event_types(
    tickets: Iterable[str], decided: Iterable[str], marked: ResponsibilityMarks
) -> list[str]:
    """Return the types of events that cause notices: those of the kinds of tickets, those of votes on the
    kinds of records that can be decided about, and those that name responsible persons.
    """
    of_tickets = {f"{kind}.{name}" for kind in tickets for name in PUBLIC.keys() | TO_ASSIGNEE.keys()}
    of_votes = {f"{kind}.{name}" for kind in decided for name in VOTE_ENDING | {"voters_reminded"}}
    return sorted(of_tickets | of_votes | marked.types | TO_INVITED.keys() | TO_LEADS.keys())


def pending_notices(event: Recorded, marked: ResponsibilityMarks) -> Iterator[PendingNotice]:
    """Yield the pending notices of the event, those for responsible persons first, as they are more specific.
    An event for staff only notifies nobody else.
    """
    for person, step in marked.named_persons(event).items():
        yield PendingNotice(event, step, person)
    for tells in marked.recipient_rules(event):
        yield PendingNotice(event, tells.step, tells)
    if not event.staff_only:
        yield from _public_notices(event)


def _public_notices(event: Recorded) -> Iterator[PendingNotice]:
    name = event.type.removeprefix(f"{kind_of(event.stream)}.")
    if name in PUBLIC:
        yield PendingNotice(event, PUBLIC[name], RecipientGroup.public)
    if name in TO_ASSIGNEE:
        yield PendingNotice(event, TO_ASSIGNEE[name], RecipientGroup.assignee)
    yield from _decision_notices(event, name)
    if event.type in TO_INVITED:
        yield PendingNotice(event, TO_INVITED[event.type], RecipientGroup.invited)
    if event.type in TO_LEADS:
        yield PendingNotice(event, TO_LEADS[event.type], RecipientGroup.leads)


def _decision_notices(event: Recorded, name: str) -> Iterator[PendingNotice]:
    """Yield the notices to voters who are reminded of a decision, or whose decision has closed."""
    if name == "voters_reminded":
        yield PendingNotice(
            event, NoticeType.vote_due, RecipientGroup.yet_to_vote, UUID(event.data["given"]["decision"])
        )
    if name in VOTE_ENDING:
        for row, fields in event.data["set"].items():
            if kind_of(row) == "decision" and fields and "closed_at" in fields:
                yield PendingNotice(event, NoticeType.decided, RecipientGroup.asked, id_of(row))
