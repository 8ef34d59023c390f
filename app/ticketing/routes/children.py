"""Lists of a record's child records: comments, followers, tags, attachments, links, tasks and more, oldest
first.

`GET /v1/incidents/{id}/comments` and its like, mounted on every lifecycle with such child records.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from pydantic import Field

from app.api.auth import utc_now
from app.api.child_rows import ChildListing, mount_child_listing, render_rows
from app.api.shapes import OutputModel, PersonStub, Renderer, TeamStub
from app.common.children import Attachment, Follower, Visibility
from app.common.clocks import AgreementType, ClockMetric
from app.common.records import Record
from app.foundation.costs.records import Cost, Work
from app.foundation.decisions.queries import DecisionOut, VoteOut, VotingDeputyOut
from app.foundation.decisions.records import Decision, Vote, VotingDeputy
from app.foundation.documents.records import STAFF_HEADINGS
from app.foundation.documents.shapes import DOCUMENT_SECTIONS, DOCUMENTS
from app.kernel.lifecycle import Lifecycle
from app.kernel.visibility import sees_every_record, tokens
from app.log.canonical import instant
from app.log.events import id_of, kind_of
from app.ticketing.projects.queries import PROJECT_LISTINGS
from app.ticketing.records import (
    BreachCause,
    BreachCauseCode,
    Comment,
    Complaint,
    ComplaintSubject,
    Link,
    LinkKind,
    Rating,
    Tag,
    Task,
)


class CommentOut(OutputModel):
    """A comment on a record."""

    id: UUID
    author: PersonStub | None = Field(description="Null where another system did not say who.")
    visibility: Visibility
    text: str | None = Field(description="Null when it was withdrawn, or its author erased.")
    written_at: datetime
    corrected_at: datetime | None
    withdrawn_at: datetime | None


class FollowerOut(OutputModel):
    """A person who sees a record and is notified of its public events."""

    person: PersonStub
    followed_at: datetime


class TagOut(OutputModel):
    """A tag by which a record is found."""

    name: str
    visibility: Visibility | None = Field(
        description="Public: for all who see the record. Else for staff; null: from before tags said so."
    )
    tagged_at: datetime


class AttachmentOut(OutputModel):
    """A file attached to a record."""

    id: UUID = Field(description="That of the upload.")
    name: str | None = Field(description="What it is called. Null when whoever attached it was erased.")
    media_type: str = Field(description="What its first bytes look like, whatever it is called.")
    size: int = Field(description="In bytes.")
    sha256: str = Field(description="Of what is in it, in hex.")
    visibility: Visibility
    author: PersonStub | None = Field(description="Who attached it.")
    attached_at: datetime


class TaskOut(OutputModel):
    """A task for a record."""

    id: UUID
    title: str
    visibility: Visibility | None = Field(
        description="Whom it is for; null: it was added before tasks had one, and is for staff unless it "
        "belongs to a milestone."
    )
    assignee: PersonStub | None
    team: TeamStub | None
    milestone_id: UUID | None = Field(description="The milestone that it belongs to, if the plan has some.")
    due_at: datetime | None
    added_at: datetime
    completed_at: datetime | None
    outcome: str | None = Field(description="What came of it. Null when its author was erased.")
    dropped_at: datetime | None = Field(description="When it was said that it need not be done.")
    dropped_because: str | None = Field(
        description="Why. Null when its author was erased, or another plan took the place of its own."
    )
    from_checklist: str | None = Field(description="The key of the checklist that it comes from.")
    position: int | None = Field(description="Its place on the checklist, from 1.")
    overdue: bool = Field(description="Whether it is still to be done and its time is over.")


class TicketStub(OutputModel):
    """A ticket, as other answers refer to it."""

    id: UUID
    kind: str = Field(description="What it is: `incident`.")
    number: str
    title: str | None
    state: str


class LinkOut(OutputModel):
    """A link from a record to another one that the caller may see as well."""

    id: UUID = Field(description="For `unlink`; it is the same at both ends.")
    kind: LinkKind = Field(description="What this record is to the other one.")
    label: str = Field(description="The same in words, in the language asked for.")
    other: TicketStub
    linked_at: datetime


class WorkOut(OutputModel):
    """Work on a ticket."""

    id: UUID
    person: PersonStub
    minutes: int = Field(description="Below zero, where it takes another entry back.")
    role_class: str
    rate: str | None = Field(description="What an hour of it cost on its day. Null: nobody had said.")
    currency: str | None
    worked_at: datetime
    logged_at: datetime
    reverses_id: UUID | None = Field(description="The entry that it takes back.")


class CostOut(OutputModel):
    """Money spent on a ticket."""

    id: UUID
    person: PersonStub = Field(description="Who booked it.")
    amount: str = Field(description="Below zero, where it takes another entry back.")
    currency: str
    purpose: str | None = Field(description="What for. Null where it takes another entry back.")
    booked_at: datetime
    reverses_id: UUID | None = Field(description="The entry that it takes back.")


class RatingOut(OutputModel):
    """The requester's rating of their satisfaction."""

    id: UUID
    score: int = Field(description="From 1, not at all, to 5, entirely.")
    comment: str | None
    rated_at: datetime = Field(description="When they first said.")


class ComplaintOut(OutputModel):
    """A complaint of the requester, and its answer."""

    id: UUID
    subject: ComplaintSubject
    about: str | None = Field(description="Null when they were erased.")
    person: PersonStub | None = Field(description="Whom it is about, if about whoever had the ticket.")
    complained_at: datetime
    due_at: datetime = Field(description="By when it is to be answered.")
    answered_at: datetime | None
    answered_by: PersonStub | None
    findings: str | None = Field(description="What was found.")
    remedy: str | None = Field(description="What is done about it.")
    merged_into_id: UUID | None = Field(
        description="The other complaint that is answered in its place, if it was merged into one."
    )
    merged_at: datetime | None


class BreachCauseOut(OutputModel):
    """The cause of a missed target of a service level; for staff."""

    id: UUID
    cause: BreachCauseCode
    agreement_type: AgreementType | None = Field(
        description="Of the clock that it is about, the kind of agreement; null: of all that missed theirs."
    )
    metric: ClockMetric | None = Field(description="Of that clock, what it measures.")
    explanation: str | None = Field(description="Null when its author was erased, or said nothing else.")
    stated_by: PersonStub | None = Field(description="Null: a rule, as nobody had said by the end.")
    stated_at: datetime


def _public_unless_staff(renderer: Renderer, record: Any, parameters: dict[str, Any]) -> str:
    """Return the SQL condition: internal rows are for staff only."""
    return "true" if renderer.caller.is_staff_for(record) else "r.visibility = 'public'"


def _tasks_seen(renderer: Renderer, record: Any, parameters: dict[str, Any]) -> str:
    """Return the SQL condition: tasks for staff are for staff only, and for whom they are given to."""
    if renderer.caller.is_staff_for(record):
        return "true"
    parameters["doer"] = renderer.caller.person_id
    of_plan = "(r.visibility is null and r.milestone_id is not null)"
    return f"(r.visibility = 'public' or {of_plan} or r.assignee_id = %(doer)s)"


def _sections_unless_staff(renderer: Renderer, record: Any, parameters: dict[str, Any]) -> str:
    """Return the SQL condition: sections about cost are for staff only."""
    if renderer.caller.is_staff_for(record):
        return "true"
    parameters["staff_headings"] = sorted(STAFF_HEADINGS)
    return "r.heading <> all(%(staff_headings)s)"


def _staff_only(renderer: Renderer, record: Any, parameters: dict[str, Any]) -> str:
    """Return the SQL condition: all rows are for staff only."""
    return "true" if renderer.caller.is_staff_for(record) else "false"


def _other_end_visible(renderer: Renderer, record: Any, parameters: dict[str, Any]) -> str:
    """Return the SQL condition: the caller sees the record at the other end."""
    return ticket_visibility_condition(renderer, parameters, "r.other")


def ticket_visibility_condition(renderer: Renderer, parameters: dict[str, Any], column: str) -> str:
    """Return the SQL condition that the caller sees the ticket named in the column; adds its parameters."""
    ledger, caller = renderer.ledger, renderer.caller
    seen = []
    for n, (kind, lifecycle) in enumerate(ledger.lifecycles.items()):
        if not lifecycle.is_ticket:
            continue
        shown = "true"
        if not sees_every_record(caller, lifecycle, agents_see=ledger.settings.agents_see):
            shown = f"h.audience && %(tokens{n})s"
            parameters[f"tokens{n}"] = sorted(tokens(caller, lifecycle))
        seen.append(f"(h.kind = '{kind}' and {shown})")
    return f"exists (select from log.stream_head h where h.stream = {column} and ({' or '.join(seen)}))"


class _TaskRenderer(Renderer):
    """Renders tasks, with whether they are overdue."""

    COMPUTED = frozenset({"overdue"})


def _say_whether_late(task: dict[str, Any]) -> None:
    to_do = task["completed_at"] is None and task["dropped_at"] is None
    task["overdue"] = to_do and task["due_at"] is not None and task["due_at"] < utc_now()


async def _tasks(
    renderer: Renderer, record: Record, rows: ChildListing, found: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Return the tasks, with whether they are overdue."""
    return await render_rows(renderer, record, rows, found, kind=_TaskRenderer, amend=_say_whether_late)


def _withhold_if_withdrawn(comment: dict[str, Any]) -> None:
    # A caller who read the comment before it was withdrawn must not get its text again.
    if comment["withdrawn_at"] is not None:
        comment["text"] = None


async def _comments(
    renderer: Renderer, record: Record, rows: ChildListing, found: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Return the comments, withdrawn ones without their text."""
    return await render_rows(renderer, record, rows, found, amend=_withhold_if_withdrawn)


async def _links(
    renderer: Renderer, record: Record, rows: ChildListing, found: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Return the links, with the tickets at their other ends."""
    stubs = await ticket_stubs(renderer, [row["other"] for row in found])
    return [
        {
            "id": row["link_id"],
            "kind": row["kind"],
            "label": LinkKind(row["kind"]).label(renderer.language),
            "other": stubs[row["other"]],
            "linked_at": instant(row["linked_at"]),
        }
        for row in found
    ]


CHILD_LISTINGS = (
    ChildListing(
        "comments",
        Comment,
        "written_at",
        CommentOut,
        "the comments on a record, the oldest first",
        _public_unless_staff,
        _comments,
    ),
    ChildListing(
        "followers", Follower, "followed_at", FollowerOut, "the followers of a record, the earliest first"
    ),
    ChildListing(
        "tags",
        Tag,
        "tagged_at",
        TagOut,
        "the tags of a record that the caller may see, the oldest first",
        _public_unless_staff,
    ),
    ChildListing(
        "attachments",
        Attachment,
        "attached_at",
        AttachmentOut,
        "the attached files that the caller may see, the oldest first",
        _public_unless_staff,
    ),
    ChildListing(
        "links",
        Link,
        "linked_at",
        LinkOut,
        "the links of a record, the oldest first",
        _other_end_visible,
        _links,
    ),
    ChildListing(
        "tasks",
        Task,
        "added_at",
        TaskOut,
        "the tasks of a record that the caller may see, the oldest first",
        _tasks_seen,
        _tasks,
    ),
    ChildListing(
        "works",
        Work,
        "logged_at",
        WorkOut,
        "the work on a record, the oldest entry first; for staff",
        _staff_only,
    ),
    ChildListing(
        "costs",
        Cost,
        "booked_at",
        CostOut,
        "the costs of a record, the oldest entry first; for staff",
        _staff_only,
    ),
    ChildListing(
        "ratings", Rating, "rated_at", RatingOut, "the requester's rating of a record: one entry at most"
    ),
    ChildListing(
        "complaints",
        Complaint,
        "complained_at",
        ComplaintOut,
        "the complaints about a record, the oldest first",
    ),
    ChildListing(
        "breach_causes",
        BreachCause,
        "stated_at",
        BreachCauseOut,
        "the causes of a record's missed targets, the oldest first; for staff",
        _staff_only,
    ),
    ChildListing(
        "decisions", Decision, "asked_at", DecisionOut, "the decisions about a record, the first asked first"
    ),
    DOCUMENTS,
    replace(DOCUMENT_SECTIONS, only=_sections_unless_staff),
    ChildListing(
        "votes",
        Vote,
        "asked_at",
        VoteOut,
        "the voters on a record's decisions, with their verdicts, the first asked first",
    ),
    ChildListing(
        "voting_deputies",
        VotingDeputy,
        "asked_at",
        VotingDeputyOut,
        "the deputies of voters on decisions about a record, the first asked first",
    ),
)


def mount_children(
    router: APIRouter, lifecycle: Lifecycle[Any], shape: type[OutputModel], own: Sequence[ChildListing] = ()
) -> None:
    """Add a list for each class of child records of the lifecycle that can be listed; `own` are listings of
    child records that no other lifecycle has.
    """
    for rows in (*CHILD_LISTINGS, *PROJECT_LISTINGS, *own):
        if rows.row in lifecycle.children:
            mount_child_listing(router, lifecycle, shape, rows)


async def ticket_stubs(renderer: Renderer, names: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Return tickets by their stream names, as other answers refer to them: one query for each kind."""
    ids: dict[str, list[UUID]] = {}
    for name in names:
        ids.setdefault(kind_of(name), []).append(id_of(name))
    return {
        f"{kind}/{row['id']}": {"kind": kind, **row}
        for kind, some in ids.items()
        for row in await renderer.ledger.db.rows(
            f"select id, number, title, state from fold.{kind} where id = any(%s)", (some,)
        )
    }
