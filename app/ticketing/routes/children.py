"""Lists of a record's child records: comments, followers, tags, attachments, links, tasks and more, oldest
first.

`GET /v1/incidents/{id}/comments` and its like, mounted on every lifecycle with such child records.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from pydantic import Field

from app.api.authentication.auth import utc_now
from app.api.direct import Router
from app.api.listings.attachments import ATTACHMENTS, public_unless_staff
from app.api.listings.child_listings import ChildListing, render_rows
from app.api.records.child_rows import mount_child_listing
from app.api.records.shapes import OutputModel, PersonStub, Renderer
from app.common.children import Follower, Onlooker
from app.common.records import Record
from app.foundation.costs.records import Cost, Work
from app.foundation.decisions.queries import DecisionOut, VoteOut, VotingDeputyOut
from app.foundation.decisions.records import Decision, Vote, VotingDeputy
from app.foundation.documents.records import STAFF_HEADINGS
from app.foundation.documents.shapes import DOCUMENT_SECTIONS, DOCUMENTS, KEPT_LISTINGS
from app.foundation.statements.shapes import STATEMENTS
from app.kernel.actions.lifecycle import Lifecycle
from app.log.canonical import instant
from app.ticketing.projects.queries import PROJECT_LISTINGS
from app.ticketing.records import (
    BreachCause,
    Comment,
    Complaint,
    Link,
    LinkKind,
    Rating,
    Tag,
    Task,
)
from app.ticketing.ticket_stubs import TicketStub, ticket_stubs, ticket_visibility_condition


class CommentOut(OutputModel, of=Comment):
    """A comment on a record."""

    author: PersonStub | None = Field(
        description="Author of the comment; null if another system did not name one."
    )


class FollowerOut(OutputModel, of=Follower, without="id"):
    """A person who sees a record and is notified of its public events."""


class OnlookerOut(OutputModel, of=Onlooker, without="id"):
    """A person who handed a record to another team, or closed it, and may still read it."""


class TagOut(OutputModel, of=Tag, without="id"):
    """A tag by which a record is found."""


class TaskOut(OutputModel, of=Task):
    """A task for a record."""

    overdue: bool = Field(description="True if the task is open and its due time has passed.")


class LinkOut(OutputModel, of=Link, without="link_id", after={"kind": "label"}):
    """A link from a record to another one that the caller may see as well."""

    id: UUID = Field(description="Identifier of the link for `unlink`, the same at both ends.")
    label: str = Field(description="Relation in words, in the requested language.")
    other: TicketStub


class WorkOut(OutputModel, of=Work):
    """Work on a ticket."""


class CostOut(OutputModel, of=Cost):
    """Money spent on a ticket."""


class RatingOut(OutputModel, of=Rating, without="by_staff"):
    """The requester's rating of their satisfaction."""


class ComplaintOut(OutputModel, of=Complaint, without="owner escalated_at"):
    """A complaint of the requester, and its answer."""


class BreachCauseOut(OutputModel, of=BreachCause):
    """The cause of a missed service level target; only staff see it."""


def _tasks_seen(renderer: Renderer, record: Any, parameters: dict[str, Any]) -> str:
    """Return the SQL condition: tasks for staff are only for staff, and for their assignees."""
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


class _TaskRenderer(Renderer):
    """Renders tasks, with whether they are overdue."""

    COMPUTED = frozenset({"overdue"})


def _say_whether_late(task: dict[str, Any]) -> None:
    to_do = task["completed_at"] is None and task["dropped_at"] is None
    task["overdue"] = to_do and task["due_at"] is not None and task["due_at"] < utc_now()


async def _tasks(
    renderer: Renderer, record: Record, rows: ChildListing, items: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Return the tasks, with whether they are overdue."""
    return await render_rows(renderer, record, rows, items, kind=_TaskRenderer, amend=_say_whether_late)


def _withhold_if_withdrawn(comment: dict[str, Any]) -> None:
    # A caller who read the comment before it was withdrawn must not get its text again.
    if comment["withdrawn_at"] is not None:
        comment["text"] = comment["folded"] = None


async def _comments(
    renderer: Renderer, record: Record, rows: ChildListing, items: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Return the comments, withdrawn ones without their text."""
    return await render_rows(renderer, record, rows, items, amend=_withhold_if_withdrawn)


async def _links(
    renderer: Renderer, record: Record, rows: ChildListing, items: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Return the links, with the tickets at their other ends."""
    stubs = await ticket_stubs(renderer, [row["other"] for row in items])
    return [
        {
            "id": row["link_id"],
            "kind": row["kind"],
            "label": LinkKind(row["kind"]).label(renderer.language),
            "other": stubs[row["other"]],
            "linked_at": instant(row["linked_at"]),
        }
        for row in items
    ]


CHILD_LISTINGS = (
    ChildListing(
        "comments",
        Comment,
        "written_at",
        CommentOut,
        "the comments on a record, the oldest first",
        public_unless_staff,
        _comments,
    ),
    ChildListing(
        "followers", Follower, "followed_at", FollowerOut, "the followers of a record, the earliest first"
    ),
    ChildListing(
        "onlookers",
        Onlooker,
        "handed_over_at",
        OnlookerOut,
        "the persons who handed a record to another team and may still read it, the earliest first",
    ),
    ChildListing(
        "tags",
        Tag,
        "tagged_at",
        TagOut,
        "the tags of a record that the caller may see, the oldest first",
        public_unless_staff,
    ),
    ATTACHMENTS,
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
        "the work on a record, the oldest entry first. Only staff see it",
        _staff_only,
    ),
    ChildListing(
        "costs",
        Cost,
        "booked_at",
        CostOut,
        "the costs of a record, the oldest entry first. Only staff see them",
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
        "the causes of a record's missed targets, the oldest first. Only staff see them",
        _staff_only,
    ),
    ChildListing(
        "decisions",
        Decision,
        "asked_at",
        DecisionOut,
        "the decisions about a record, in the order in which they were requested",
    ),
    DOCUMENTS,
    replace(DOCUMENT_SECTIONS, only=_sections_unless_staff),
    ChildListing(
        "votes",
        Vote,
        "asked_at",
        VoteOut,
        "the voters on a record's decisions, with their verdicts, in the order in which they were asked",
    ),
    ChildListing(
        "voting_deputies",
        VotingDeputy,
        "asked_at",
        VotingDeputyOut,
        "the deputies of voters on decisions about a record, in the order in which the deputies were asked",
    ),
)


def mount_children(
    router: Router, lifecycle: Lifecycle[Any], shape: type[OutputModel], own: Sequence[ChildListing] = ()
) -> None:
    """Add a list for each class of child records of the lifecycle that can be listed; `own` are listings of
    child records that no other lifecycle has, or that other lifecycles list otherwise.
    """
    own_rows = {rows.row for rows in own}
    shared = (*CHILD_LISTINGS, *PROJECT_LISTINGS, *KEPT_LISTINGS, STATEMENTS)
    for rows in (*(each for each in shared if each.row not in own_rows), *own):
        if rows.row in lifecycle.children:
            mount_child_listing(router, lifecycle, shape, rows)
