"""Which events people are told of, besides those that name who gets work (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from app.common.notices import Step, Tells
from app.log.events import Recorded, id_of, kind_of
from app.notifications.responsible import Marked

#: What the requester and the followers are told of, by the event's type without its kind.
PUBLIC = {
    "reported": Step.received,
    "raised": Step.received,
    "assigned": Step.assigned,
    "commented": Step.commented,
    "comment_passed_on": Step.commented,
    "attached": Step.attached,
    "held": Step.held,
    "declared_major": Step.updated,
    "update_posted": Step.updated,
    "submitted": Step.received,
    "solution_proposed": Step.to_review,
    "submitted_for_acceptance": Step.to_accept,
    "acceptance_failed": Step.updated,
    "approved": Step.approved,
    "refused": Step.refused,
    "resolved": Step.resolved,
    "fulfilled": Step.delivered,
    "accepted": Step.delivered,
    "closed": Step.closed,
    "marked_duplicate": Step.duplicate,
    "original_resolved": Step.original_resolved,
    "reopened": Step.reopened,
    "cancelled": Step.cancelled,
    "rejected": Step.rejected,
}
#: What can end a vote: those who were asked are told then, and whoever asked them.
ENDING = frozenset({"voted", "chair_decided", "vote_closed", "decision_withdrawn", "cancelled", "rejected"})
#: What all who are invited to a meeting are told.
TO_INVITED = {
    "meeting.moved": Step.moved,
    "meeting.cancelled": Step.called_off,
    "meeting.minuted": Step.minuted,
}
#: What whoever chairs a meeting and whoever sees to it are told.
TO_LEADS = {
    "meeting.fell_overdue": Step.overdue,
    "meeting.series_ended": Step.series_over,
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
TO_ASSIGNEE["rated"] = Step.rated


class Whom(StrEnum):
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
class Told:
    """Of an event: who is told what, or how they are looked up; of a decision, which one."""

    event: Recorded
    step: Step
    whom: UUID | Whom | Tells
    decision_id: UUID | None = None

    @property
    def actor_id(self) -> UUID | None:
        """The person who did it, or whose words a rule passed on, who knows already; None: no person did."""
        for actor in (self.event.actor, self.event.on_behalf_of or ""):
            who, _, name = actor.partition(":")
            if who in ("person", "integration"):
                return UUID(name)
        return None


def types(kinds: Iterable[str], marked: Marked) -> list[str]:
    """The types of the events that somebody is told of: of tickets of these kinds, and of whatever names who
    gets work.
    """
    names = PUBLIC.keys() | TO_ASSIGNEE.keys() | ENDING | {"voters_reminded"}
    of_tickets = {f"{kind}.{name}" for kind in kinds for name in names}
    return sorted(of_tickets | marked.types | TO_INVITED.keys() | TO_LEADS.keys())


def told(event: Recorded, marked: Marked) -> Iterator[Told]:
    """Who is told what: those who get work first, since what concerns them says more. Of what only staff see
    nobody else is told.
    """
    for person, step in marked.named(event).items():
        yield Told(event, step, person)
    for tells in marked.others(event):
        yield Told(event, tells.step, tells)
    if not event.staff_only:
        yield from _public(event)


def _public(event: Recorded) -> Iterator[Told]:
    name = event.type.removeprefix(f"{kind_of(event.stream)}.")
    if name in PUBLIC:
        yield Told(event, PUBLIC[name], Whom.public)
    if name in TO_ASSIGNEE:
        yield Told(event, TO_ASSIGNEE[name], Whom.assignee)
    yield from _of_decisions(event, name)
    if event.type in TO_INVITED:
        yield Told(event, TO_INVITED[event.type], Whom.invited)
    if event.type in TO_LEADS:
        yield Told(event, TO_LEADS[event.type], Whom.leads)


def _of_decisions(event: Recorded, name: str) -> Iterator[Told]:
    """Whose votes are asked for again, or asked for no more."""
    if name == "voters_reminded":
        yield Told(event, Step.vote_due, Whom.yet_to_vote, UUID(event.data["given"]["decision"]))
    if name in ENDING:
        for row, fields in event.data["set"].items():
            if kind_of(row) == "decision" and fields and "closed_at" in fields:
                yield Told(event, Step.decided, Whom.asked, id_of(row))
