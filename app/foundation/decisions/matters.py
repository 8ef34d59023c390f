"""Matters of decisions: what is decided about, and which acts on the record make somebody a party to it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from app.foundation.decisions.records import Decision, DecisionKind
from app.kernel.access.reads import ReadContext
from app.kernel.actions.actor_policy import RecordDuty


@dataclass(frozen=True, slots=True)
class ChildDuty:
    """A duty that child records of one kind give to the person in one of their fields: `ChildDuty("task",
    "assignee_id")`.
    """

    kind: str
    field: str


#: Tasks of a record, and the events by which people carry them out or log work.
TASKS = ChildDuty("task", "assignee_id")
WORK_EVENTS = ("task_completed", "work_logged")


@dataclass(frozen=True, slots=True)
class RelatedMatter:
    """Another record that a question is about, and the matter by which people are parties to it."""

    record: Any
    matter: Matter


#: Records of the same title have the same subject.
SAME_TITLE = (("title", "title"),)


@dataclass(frozen=True)
class Matter:
    """The matter of a decision. Parties to it do not vote on it; only a person's own acts make them a party.

    `decision` is the kind by which approval rules name the voters; None: they are named otherwise.

    A party is everybody who, according to the log, has

    - set one of the `fields`, or made, changed or removed a child record of one of the kinds `children`:
      an author, even if others have changed the text since;
    - named themselves in one of the `duties` or `child_duties`. A person whom another person has named keeps
    the seat, since naming a voter must not exclude them;
    - a post in one of the fields `posts`, which a decision of the board before has given them;
    - performed one of the `acts` (event types without the kind): they have accepted a duty or done work;
    - written the record that this one carries out: `origins` finds its authors;
    - put the question, if it is `without_asker`;
    - a part in the other record that the question is `related`.

    The asker's vote alone approves nothing.

    `subject` are the fields by which another record has the same subject, each with the field of the other
    one. Voters read which of those were rejected or withdrawn, if they were within the time `remembered`.

    `deadline` is the field of the record with the time at which votes on it end at the latest, if the rule's
    least time is over by then; empty: only the rule sets the time.
    """

    decision: DecisionKind | None = None
    duties: tuple[RecordDuty, ...] = ()
    child_duties: tuple[ChildDuty, ...] = ()
    origins: Callable[[ReadContext, Any], Awaitable[frozenset[UUID]]] | None = None
    fields: Collection[str] = ()
    children: Collection[str] = ()
    acts: Collection[str] = ()
    without_asker: bool = False
    deadline: str = ""
    posts: Collection[str] = ()
    subject: Sequence[tuple[str, str]] = SAME_TITLE
    remembered: timedelta = timedelta(days=365)
    related: Callable[[ReadContext, Any, Decision], Awaitable[RelatedMatter]] | None = None


def matter_of(matters: Sequence[Matter], decision: Decision) -> Matter:
    """Return the matter that the decision is about: the one of its kind, or the first for decisions that were
    put before decisions had kinds.
    """
    return next((matter for matter in matters if matter.decision == decision.decision), matters[0])
