"""Matters of decisions: what is decided about, and which acts on the record make somebody a party to it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
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


@dataclass(frozen=True, slots=True)
class Origins:
    """People who asked for what a record carries out, and requesters named by others, with who named them."""

    parties: frozenset[UUID] = frozenset()
    named_by: Mapping[UUID, UUID | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Posed:
    """A record as it is when a question about it is put. `with_substitutes`: the people whom the rules name
    next for empty seats vote as well. `candidates` would get a post by the decision, and do not vote on it.
    """

    record: Any
    with_substitutes: bool = False
    candidates: frozenset[UUID] = frozenset()


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
    - a post in one of the fields `posts`, which a decision of the board before has given them, or for
    which it is decided, as the requester of an order;
    - performed one of the `acts` (event types without the kind): they have accepted a duty or done work;
    - asked for what this record carries out: `origins` finds these people;
    - put the question, if it is `without_asker`;
    - a part in the other record that the question is `related`.

    The asker's vote alone approves nothing. `held` are further fields that nobody edits while the question is
    open, although people who set them are no party. `carried_out` are fields of the children that only tell
    how far they are: people who set them are parties, but they are set while the question is open, too.

    `subject` are the fields by which another record has the same subject, each with the field of the other
    one. Voters read which of those were rejected, withdrawn or not decided, if they were within the time
    `remembered`. `subject_elsewhere` are such fields by other kinds of records, which can say the same.

    `posed` returns what putting the question makes of the record first; empty: the question is about the
    record as it is.

    `deadline` is the field of the record with the time at which votes on it end at the latest, if the rule's
    least time is over by then; empty: only the rule sets the time.
    """

    decision: DecisionKind | None = None
    duties: tuple[RecordDuty, ...] = ()
    child_duties: tuple[ChildDuty, ...] = ()
    origins: Callable[[ReadContext, Any], Awaitable[Origins]] | None = None
    fields: Collection[str] = ()
    held: Collection[str] = ()
    children: Collection[str] = ()
    carried_out: Collection[str] = ()
    acts: Collection[str] = ()
    without_asker: bool = False
    deadline: str = ""
    posts: Collection[str] = ()
    subject: Sequence[tuple[str, str]] = SAME_TITLE
    subject_elsewhere: Sequence[tuple[str, Sequence[tuple[str, str]]]] = ()
    remembered: timedelta = timedelta(days=365)
    related: Callable[[ReadContext, Any, Decision], Awaitable[RelatedMatter]] | None = None
    posed: Callable[[ReadContext, Any, datetime], Awaitable[Posed]] | None = None


def matter_of(matters: Sequence[Matter], decision: Decision) -> Matter:
    """Return the matter that the decision is about: the one of its kind, or the first for decisions that were
    put before decisions had kinds.
    """
    return next((matter for matter in matters if matter.decision == decision.decision), matters[0])
