"""Which events people are told of, besides those that name who gets work (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from app.common.notices import NoticeType, RecipientRule
from app.log.events import Recorded, id_of, kind_of
from app.notifications.responsible import ResponsibilityMarks

#: What the requester and the followers are told of, by the event's type without its kind.
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
#: What can end a vote: those who were asked are told then, and whoever asked them.
VOTE_ENDING = frozenset(
    {"voted", "chair_decided", "vote_closed", "decision_withdrawn", "cancelled", "rejected"}
)
#: What all who are invited to a meeting are told.
TO_INVITED = {
    "meeting.moved": NoticeType.moved,
    "meeting.cancelled": NoticeType.called_off,
    "meeting.minuted": NoticeType.minuted,
}
#: What whoever chairs a meeting and whoever sees to it are told.
TO_LEADS = {
    "meeting.fell_overdue": NoticeType.overdue,
    "meeting.series_ended": NoticeType.series_over,
}
#: What whoever has the ticket is told of: what others say or do that is for them to look at.
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
    """Who is told, if nobody is named: who asked for it and who follows it, or whoever has it; those who were
    asked to decide and whoever asked them, or those of them who have yet to vote; those who are invited to
    it, or who chair it and see to it.
    """

    public = "public"
    assignee = "assignee"
    asked = "asked"
    yet_to_vote = "yet_to_vote"
    invited = "invited"
    leads = "leads"


@dataclass(frozen=True, slots=True)
class PendingNotice:
    """Of an event: who is told what, or how they are looked up; of a decision, which one."""

    event: Recorded
    step: NoticeType
    recipient: UUID | RecipientGroup | RecipientRule
    decision_id: UUID | None = None

    @property
    def actor_id(self) -> UUID | None:
        """The person who did it, or whose words a rule passed on, who knows already; None: no person did."""
        for actor in (self.event.actor, self.event.on_behalf_of or ""):
            who, _, name = actor.partition(":")
            if who in ("person", "integration"):
                return UUID(name)
        return None


def notified_event_types(kinds: Iterable[str], marked: ResponsibilityMarks) -> list[str]:
    """The types of the events that somebody is told of: of tickets of these kinds, and of whatever names who
    gets work.
    """
    names = PUBLIC.keys() | TO_ASSIGNEE.keys() | VOTE_ENDING | {"voters_reminded"}
    of_tickets = {f"{kind}.{name}" for kind in kinds for name in names}
    return sorted(of_tickets | marked.types | TO_INVITED.keys() | TO_LEADS.keys())


def pending_notices(event: Recorded, marked: ResponsibilityMarks) -> Iterator[PendingNotice]:
    """Who is told what: those who get work first, since what concerns them says more. Of what only staff see
    nobody else is told.
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
    """Whose votes are asked for again, or asked for no more."""
    if name == "voters_reminded":
        yield PendingNotice(
            event, NoticeType.vote_due, RecipientGroup.yet_to_vote, UUID(event.data["given"]["decision"])
        )
    if name in VOTE_ENDING:
        for row, fields in event.data["set"].items():
            if kind_of(row) == "decision" and fields and "closed_at" in fields:
                yield PendingNotice(event, NoticeType.decided, RecipientGroup.asked, id_of(row))
