"""Actions that every ticket has: each written once, and mounted on the lifecycle table of any process.

Each module is a family of actions: payloads, functions, and `rows`, which returns the rows of a lifecycle's
table.
"""

from __future__ import annotations

from collections.abc import Iterable

from app.common.children import Attachment, Follower, Onlooker
from app.common.people import Role
from app.common.records import CodeEnum
from app.foundation.articles.records import ArticleUse
from app.foundation.costs.records import Cost, Work
from app.foundation.process_spec import (
    USUAL_ASSIGNING,
    ActionRows,
    AssigningSpec,
    PrioritySpec,
    ProcessSpec,
    TaskSpec,
)
from app.ticketing import articles, attachments, breach_causes, comments, followers, links, priority, tags
from app.ticketing.records import BreachCause, Comment, Complaint, Link, Rating, RatingRequest, Tag, Task
from app.ticketing.satisfaction import complaints, ratings
from app.ticketing.work import assignment, costs, tasks

#: In the order of the process document.
ACTION_FAMILIES = (
    assignment.rows,
    priority.rows,
    comments.rows,
    followers.rows,
    tags.rows,
    attachments.rows,
    links.rows,
    articles.rows,
    tasks.rows,
    costs.rows,
    ratings.rows,
    complaints.rows,
    breach_causes.rows,
)
#: Child records of every ticket.
CHILDREN = (
    *(Comment, Follower, Onlooker, Tag, Attachment, Link, ArticleUse, Task, Work, Cost),
    *(Rating, RatingRequest, Complaint, BreachCause),
)


def ticket_actions(
    kind: str,
    *,
    any: Iterable[CodeEnum],  # noqa: A002  # the word of the process document
    open: Iterable[CodeEnum],  # noqa: A002  # the same
    delivered: Iterable[CodeEnum],
    manager: Role,
    task_spec: TaskSpec = tasks.USUAL_TASKS,
    assigning: AssigningSpec = USUAL_ASSIGNING,
    priorities: PrioritySpec = priority.USUAL_PRIORITIES,
) -> ActionRows:
    """Return the rows that every ticket's lifecycle table ends with; see `ProcessSpec`."""
    spec = ProcessSpec(kind, any, open, delivered, manager, priorities, task_spec, assigning)
    return tuple(row for rows in ACTION_FAMILIES for row in rows(spec))
