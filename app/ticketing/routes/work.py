"""Work of the caller: `/v1/me/work`, over every process whose cases are assigned; with their tasks and the
decisions that await their vote, over every kind of record.

A case is work as long as it can be assigned. Each section is bounded, and reads indexes of open records, so
that it costs the same however many are closed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import chain
from typing import Any, Literal
from uuid import UUID

from fastapi import Request
from pydantic import Field
from starlette.responses import Response

from app.api.authentication.auth import caller_of, ledger_of, utc_now
from app.api.contract.responses import in_language
from app.api.direct import DirectRoute, Router
from app.api.records.shapes import OutputModel, PersonStub, Renderer, TeamStub
from app.api.requests.accept import language_for
from app.api.requests.json_output import dump_json
from app.common.people import Caller
from app.foundation.decisions.records import DecisionKind
from app.kernel.access import directory
from app.kernel.ledger import Ledger
from app.log.canonical import from_instant, instant
from app.ticketing.records import ComplaintSubject
from app.ticketing.routes.asked_actions import asked_actions
from app.ticketing.routes.dated_duties import DutyItem, dated_duties
from app.ticketing.work.work_statements import (
    MOST_LISTED,
    CaseSummary,
    NoHoldRenderer,
    _can_be_held,
    work_statement_for,
)

#: Time before the reassessment of a treated risk at which it counts as work.
DUE_SOON = timedelta(days=30)
router = Router(prefix="/v1/me", tags=["people"], route_class=DirectRoute)
#: The field by which each section's cases of several kinds are merged, and whether the last comes first.
SORT_ORDERS = (
    ("open", "opened_at", True),
    ("due_next", "wake_up_at", False),
    ("unassigned", "opened_at", True),
)


class WorkItem(CaseSummary):
    """A case and its kind."""

    kind: str = Field(description="Kind of the case, such as `incident`.")


#: The fields of an item, in their order.
ITEM_FIELDS = ("kind", *CaseSummary.model_fields)


class Queue(OutputModel):
    """The number of open cases of a team, or of the service desk, whose cases have no team yet."""

    kind: str = Field(description="Kind of the cases, such as `incident`.")
    team: TeamStub | None = Field(description="Team of the queue; null for the service desk.")
    open: int = Field(description="Number of open cases, counted up to 10,000.")
    unassigned: int = Field(description="Number of these cases without an assignee.")


class TaskItem(OutputModel):
    """A task that is assigned to the caller, and its ticket."""

    id: UUID
    title: str = Field(description="Task in one line.")
    due_at: datetime | None = Field(
        description="Time by which the task must be done; null if it has no due time."
    )
    overdue: bool = Field(description="True if the due time has passed.")
    kind: str = Field(description="Kind of the ticket, such as `incident`.")
    ticket: UUID = Field(description="Identifier of the ticket.")
    number: str = Field(description="Number by which people know the ticket.")
    ticket_title: str | None = Field(
        description="Title of the ticket; null if an imported history has no title."
    )


class VoteItem(OutputModel):
    """A decision that waits for the caller's vote, and its ticket."""

    decision: UUID = Field(description="Identifier of the decision, for the action.")
    question: str = Field(description="Question of the decision, in one line.")
    decision_kind: DecisionKind | None = Field(
        description="Kind of the decision; null if its voters do not follow from approval rules."
    )
    asked_by: PersonStub | None = Field(
        description="Person who put the question; null if an automation rule did."
    )
    asked_at: datetime = Field(description="Time at which the caller was asked.")
    opens_at: datetime | None = Field(
        description="Time from which votes count: the begin of the meeting that decides; null if they count "
        "already."
    )
    due_at: datetime = Field(description="Time until which votes count.")
    instead_of: UUID | None = Field(
        description="Identifier of the person in whose name the caller votes as a deputy; null if the "
        "caller votes for themselves."
    )
    action: Literal["vote", "decide"] = Field(
        description="Action for the caller: `vote` as a voter, or `decide` as the chair."
    )
    kind: str = Field(description="Kind of the ticket, such as `request`.")
    ticket: UUID = Field(description="Identifier of the ticket.")
    number: str | None = Field(
        description="Number by which people know the ticket; null for a freeze, which has no number."
    )
    ticket_title: str | None = Field(description="Title of the ticket; null if not set.")


class ComplaintItem(OutputModel):
    """A complaint that waits for an answer, and its ticket."""

    id: UUID
    subject: ComplaintSubject
    due_at: datetime = Field(description="Time by which the complaint must be answered.")
    overdue: bool = Field(description="True if the due time has passed.")
    owned: bool = Field(description="True if the caller owns the complaint; false if it has no owner.")
    kind: str = Field(description="Kind of the ticket, such as `incident`.")
    ticket: UUID = Field(description="Identifier of the ticket.")
    number: str = Field(description="Number by which people know the ticket.")
    ticket_title: str | None = Field(
        description="Title of the ticket; null if an imported history has no title."
    )


class AskedItem(OutputModel):
    """An action that a notice asks of the caller and that is possible now."""

    kind: str = Field(description="Kind of the record, such as `sla`.")
    record: UUID = Field(description="Identifier of the record.")
    number: str = Field(description="Number or another name of the record.")
    title: str | None = Field(description="Title of the record; null if not set.")
    action: str = Field(description="Name of the action: `sign`, `acknowledge`, `review`.")
    label: str = Field(description="Label of the action, in the requested language.")
    asked_at: datetime = Field(description="Time at which the caller was asked.")
    due_at: datetime | None = Field(
        description="Time by which the action is asked: due time of the record or agreed target of the "
        "ticket, or else seven days after the request; null for solutions to confirm."
    )


class MyWork(OutputModel):
    """The caller's work, and the queues of their teams."""

    open: list[WorkItem] = Field(description="The caller's open cases, the newest first; at most 50.")
    due_next: list[WorkItem] = Field(
        description="The caller's cases on hold that resume at a certain time, the next first; at most 50."
    )
    unassigned: list[WorkItem] = Field(
        description="Open cases without an assignee in the caller's queues, the newest first; at most 50."
    )
    tasks: list[TaskItem] = Field(
        description="The caller's open tasks on tickets that they may see, by due time; at most 50."
    )
    votes: list[VoteItem] = Field(
        description="Decisions that wait for the caller's vote, by due time; at most 50."
    )
    votes_for_others: list[VoteItem] = Field(
        description="Decisions that wait for a vote which the caller can cast as a deputy now, by due "
        "time; at most 50."
    )
    complaints: list[ComplaintItem] = Field(
        description="Open complaints that the caller owns and, for callers who may assign them, those "
        "without an owner, by due time; at most 50."
    )
    asked: list[AskedItem] = Field(
        description="Signatures, reviews, acknowledgements and similar actions that the caller was "
        "asked for and that are still open, the newest first; at most 50."
    )
    duties: list[DutyItem] = Field(
        description="Steps of rollouts and plans, risks with their actions, corrective actions, and next "
        "steps after a decision that the caller is responsible for, by due time; at most 50."
    )
    queues: list[Queue] = Field(
        description="Queues of the teams in which the caller works, and of the service desk."
    )


@router.endpoint("/work", "Get the caller's work", MyWork, responses=in_language())
async def get_my_work(request: Request) -> Response:
    """Return the caller's work: open cases, cases that resume next, and queues."""
    ledger, caller, language = ledger_of(request), caller_of(request), language_for(request)
    query = work_statement_for(caller, tuple(ledger.lifecycles.values()), ledger.settings.agents_see)
    rows: dict[str, list[dict[str, Any]]] = {part: [] for part in MyWork.model_fields}
    for row in await ledger.db.rows(
        query.statement, {**query.parameters, "now": utc_now(), "language": language}
    ):
        rows[row["part"]].append(row)
    work: dict[str, Any] = await _cases(rows, ledger, caller, language)
    work |= {"tasks": _child_items(rows["tasks"], TaskItem), "votes": _child_items(rows["votes"], VoteItem)}
    work["votes_for_others"] = _child_items(rows["votes_for_others"], VoteItem)
    await _name_askers(ledger, [*work["votes"], *work["votes_for_others"]])
    work["complaints"] = _child_items(rows["complaints"], ComplaintItem)
    work["asked"] = await asked_actions(ledger, caller, language, utc_now())
    now = utc_now()
    work["duties"] = await dated_duties(ledger, caller, language, now, now + DUE_SOON)
    work["queues"] = await _queues(rows["queues"], ledger)
    headers = {"Content-Language": language, "Vary": "Authorization, Accept-Language"}
    return Response(dump_json(work), headers=headers, media_type="application/json")


async def _cases(
    rows: Mapping[str, Iterable[Mapping[str, Any]]], ledger: Ledger, caller: Caller, language: str
) -> dict[str, list[dict[str, Any]]]:
    """Return the cases of each section, all kinds together, as clients see them."""
    cases: dict[str, list[dict[str, Any]]] = {}
    for part, by, backwards in SORT_ORDERS:
        ordered = sorted(rows[part], key=lambda row: (row[by], row["id"]), reverse=backwards)
        cases[part] = [{name: row[name] for name in ITEM_FIELDS} for row in ordered[:MOST_LISTED]]
    of_kinds: dict[str, list[dict[str, Any]]] = {}
    for case in chain.from_iterable(cases.values()):
        of_kinds.setdefault(case["kind"], []).append(case)
    for kind, of_kind in of_kinds.items():
        lifecycle = ledger.lifecycles[kind]
        renderer = Renderer if _can_be_held(lifecycle) else NoHoldRenderer
        await renderer(ledger, lifecycle, CaseSummary, caller, language).render_many(of_kind)
    return cases


def _child_items(rows: Iterable[Mapping[str, Any]], shape: type[OutputModel]) -> list[dict[str, Any]]:
    """Return the tasks or votes that await the caller, as clients see them."""
    items = []
    for row in rows:
        values = row["more"]
        for name in ("asked_at", "opens_at", "due_at"):
            if time := values.get(name):
                values[name] = instant(from_instant(time))
        items.append({name: values[name] for name in shape.model_fields})
    return items


async def _name_askers(ledger: Ledger, votes: Iterable[dict[str, Any]]) -> None:
    """Replace the id in `asked_by` of each vote by the person."""
    by_people = [vote for vote in votes if vote["asked_by"] is not None]
    names = await ledger.directory.names({UUID(vote["asked_by"]) for vote in by_people})
    texts = await ledger.vault.texts(names.values()) if names else {}
    for vote in by_people:
        vote["asked_by"] = {"id": vote["asked_by"], "name": texts.get(names.get(UUID(vote["asked_by"]), ""))}


async def _queues(rows: Sequence[Mapping[str, Any]], ledger: Ledger) -> list[dict[str, Any]]:
    """Return the numbers of open cases in the caller's queues."""
    teams = await ledger.directory.teams({row["team"] for row in rows} - {None})
    return [
        {
            "kind": row["kind"],
            "team": _stub(teams.get(row["team"])),
            "open": row["more"]["open"],
            "unassigned": row["more"]["unassigned"],
        }
        for row in rows
    ]


def _stub(team: directory.CachedTeam | None) -> dict[str, Any] | None:
    return None if team is None else {"id": team.id, "key": team.key, "name": team.name}
