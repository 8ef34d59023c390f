"""The list of complaints, over every kind of ticket: `/v1/complaints`. For staff, as far as they see the
tickets.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal
from uuid import UUID

from fastapi import Query, Request
from pydantic import Field
from starlette.responses import Response

from app.api.authentication.auth import caller_of, ledger_of, utc_now
from app.api.direct import DirectRoute, Router
from app.api.listings import cursors
from app.api.listings.filters import ME, MOST_VALUES, NONE, CommaSeparated, PersonNamed, Time, WhereClause
from app.api.listings.list_queries import Paging
from app.api.listings.page_responses import page_response
from app.api.records.shapes import OutputModel, PersonStub, Renderer, TeamStub, page_of
from app.api.requests.accept import language_for
from app.common.people import Caller
from app.common.records import from_row
from app.kernel.access.visibility import NOWHERE, seen_condition, staff_condition
from app.kernel.ledger import Ledger
from app.log.canonical import from_instant, instant
from app.ticketing.records import Complaint, ComplaintState, ComplaintSubject

router = Router(prefix="/v1/complaints", tags=["tickets"], route_class=DirectRoute)
PATH = "complaints"
#: The SQL condition on the complaint `c` of each state.
STATES = {
    ComplaintState.open: "(c.answered_at is null and c.merged_at is null)",
    ComplaintState.answered: "(c.answered_at is not null and c.merged_at is null)",
    ComplaintState.merged: "c.merged_at is not null",
}
#: The complaints about tickets of one kind, with what is shown of the ticket.
OF_KIND = """
select c.*, '{kind}' as kind, r.id as ticket, r.number, r.title as ticket_title, {service} as service,
  r.team_id as ticket_team
from fold.complaint c join {table} r on r.id = split_part(c.record, '/', 2)::uuid
where c.record like '{kind}/%%' and {conditions} order by {order} limit {limit}"""


class ListedComplaint(OutputModel):
    """A complaint about a ticket."""

    id: UUID
    state: ComplaintState
    kind: str = Field(description="Kind of the ticket, such as `incident`.")
    ticket: UUID = Field(description="Identifier of the ticket.")
    number: str = Field(description="Number by which people know the ticket.")
    ticket_title: str | None = Field(
        description="Title of the ticket; null if an imported history has no title."
    )
    service: str | None = Field(description="Key of the ticket's service; null if it is not known.")
    team: TeamStub | None = Field(description="Team to which the ticket is assigned; null while unassigned.")
    subject: ComplaintSubject
    about: str | None = Field(
        description="Complaint in the requester's own words; null if its author was erased."
    )
    person: PersonStub | None = Field(
        description="Person complained about, if that is the ticket's assignee; null otherwise."
    )
    owner: PersonStub | None = Field(
        description="Person who is responsible for the answer; null if the complaint is not assigned."
    )
    complained_at: datetime = Field(description="Time at which the requester complained.")
    due_at: datetime = Field(description="Time by which the complaint must be answered.")
    overdue: bool = Field(description="True if the complaint is open and its due time has passed.")
    escalated_at: datetime | None = Field(
        description="Time at which the complaint was escalated because it was not answered in time; "
        "null if it was not."
    )
    answered_at: datetime | None = Field(
        description="Time at which the complaint was answered; null until then."
    )
    answered_by: PersonStub | None = Field(description="Person who answered the complaint; null until then.")
    findings: str | None = Field(description="Findings about the complaint; null until it is answered.")
    remedy: str | None = Field(description="Remedy for the complaint; null until it is answered.")
    merged_into_id: UUID | None = Field(
        description="Complaint into which this one was merged, and which gets the answer to both; null "
        "if it was not merged."
    )
    merged_at: datetime | None = Field(
        description="Time at which the complaint was merged into another one; null if it was not."
    )


class ComplaintQuery(Paging):
    """Query parameters of the list of complaints; all must hold."""

    state: Annotated[list[ComplaintState] | None, CommaSeparated] = Field(
        None, max_length=MOST_VALUES, description="States of the complaints."
    )
    open: bool | None = Field(
        None,
        description="`true` for complaints that are neither answered nor merged, `false` for the others.",
    )
    overdue: bool | None = Field(
        None, description="`true` for open complaints whose due time has passed, `false` for the others."
    )
    subject: Annotated[list[ComplaintSubject] | None, CommaSeparated] = Field(
        None, max_length=MOST_VALUES, description="Subjects of the complaints."
    )
    service: Annotated[list[str] | None, CommaSeparated] = Field(
        None,
        max_length=MOST_VALUES,
        description="Keys of the tickets' services; `none` for tickets without a service.",
    )
    owner: Annotated[list[PersonNamed] | None, CommaSeparated] = Field(
        None,
        max_length=MOST_VALUES,
        description="Owners of the complaints: ids, `me`, or `none` for complaints without an owner.",
    )
    due_after: Time | None = Field(None, description="Complaints that are due at this time or later.")
    due_before: Time | None = Field(None, description="Complaints that are due before this time.")
    sort: Literal["complained_at", "-complained_at", "due_at", "-due_at"] = Field(
        "-complained_at", description="Sort order, with a leading `-` for descending."
    )


class ComplaintRenderer(Renderer):
    """Renders complaints; what it shows of the ticket is added afterwards."""

    COMPUTED: ClassVar[frozenset[str]] = frozenset(
        {"state", "kind", "ticket", "number", "ticket_title", "service", "team", "overdue"}
    )


@router.endpoint("", "List complaints", page_of(ListedComplaint, "complaints"), refused=(400, 422))
async def list_complaints(request: Request, query: Annotated[ComplaintQuery, Query()]) -> Response:
    """List the complaints about tickets that the caller may see as staff."""
    ledger, caller, now = ledger_of(request), caller_of(request), utc_now()
    scope = f"{PATH} {query.model_dump_json(exclude={'limit', 'cursor'}, exclude_unset=True)}"
    sign = ledger.vault.fingerprint
    after = None if query.cursor is None else cursors.read(query.cursor, scope, sign)
    text, parameters = page_statement(ledger, caller, query, after, now)
    rows = await ledger.db.rows(text, parameters) if text else []
    more, rows = len(rows) > query.limit, rows[: query.limit]
    cursor = None
    if more:
        last = rows[-1]
        cursor = cursors.write([instant(last[query.sort.lstrip("-")]), str(last["id"])], scope, sign)
    items = await _items(ledger, caller, language_for(request), rows, now)
    return page_response(request, {"items": items, "next_cursor": cursor})


def page_statement(
    ledger: Ledger, caller: Caller, query: ComplaintQuery, after: Sequence[str] | None, now: datetime
) -> tuple[str, dict[str, Any]]:
    """Return the SQL of a page and one row more, with its parameters; no text if the caller is staff for no
    ticket. `after` is where the page before ended.
    """
    where = WhereClause()
    down = query.sort.startswith("-")
    column = query.sort.lstrip("-")
    order = f"{column} desc, id desc" if down else f"{column}, id"
    conditions = _conditions(where, caller, query, now)
    if after is not None:
        time, last = where.bind(from_instant(after[0])), where.bind(UUID(after[1]))
        conditions.append(f"(c.{column}, c.id) {'<' if down else '>'} ({time}, {last})")
    limit = query.limit + 1
    parts = []
    for lifecycle in ledger.lifecycles.values():
        if Complaint not in lifecycle.children:
            continue
        staff = staff_condition(caller, lifecycle, where.bind)
        if staff == NOWHERE:
            continue
        has_service = "service" in lifecycle.record.model_fields
        own = [staff, _service_condition(where, query.service, "r.service" if has_service else None)]
        own.append(
            seen_condition(caller, lifecycle, "c.record", where.bind, agents_see=ledger.settings.agents_see)
        )
        parts.append(
            OF_KIND.format(
                kind=lifecycle.kind,
                table=lifecycle.table,
                service="r.service" if has_service else "null::text",
                conditions=" and ".join([*conditions, *own]),
                order=", ".join(f"c.{term}" for term in order.split(", ")),
                limit=limit,
            )
        )
    together = " union all ".join(f"({part})" for part in parts)
    text = f"select * from ({together}) as found order by {order} limit {limit}" if parts else ""
    return text, where.parameters


def _conditions(where: WhereClause, caller: Caller, query: ComplaintQuery, now: datetime) -> list[str]:
    conditions = []
    if query.state is not None:
        conditions.append(f"({' or '.join(STATES[state] for state in query.state) or 'false'})")
    if query.open is not None:
        conditions.append(STATES[ComplaintState.open] if query.open else f"not {STATES[ComplaintState.open]}")
    if query.overdue is not None:
        late = f"({STATES[ComplaintState.open]} and c.due_at < {where.bind(now)})"
        conditions.append(late if query.overdue else f"not {late}")
    if query.subject is not None:
        conditions.append(f"c.subject = any({where.bind([subject.value for subject in query.subject])})")
    if query.owner is not None:
        named = [caller.person_id if name == ME else UUID(name) for name in query.owner if name != NONE]
        among = f"c.owner_id = any({where.bind(named)}::uuid[])"
        conditions.append(f"({among} or c.owner_id is null)" if NONE in query.owner else among)
    if query.due_after is not None:
        conditions.append(f"c.due_at >= {where.bind(query.due_after)}")
    if query.due_before is not None:
        conditions.append(f"c.due_at < {where.bind(query.due_before)}")
    return conditions


def _service_condition(where: WhereClause, services: Sequence[str] | None, column: str | None) -> str:
    """Return the condition on the ticket's service; `column` None: such tickets have no service."""
    if services is None:
        return "true"
    if column is None:
        return "true" if NONE in services else "false"
    among = f"{column} = any({where.bind([service for service in services if service != NONE])}::text[])"
    return f"({among} or {column} is null)" if NONE in services else among


async def _items(
    ledger: Ledger, caller: Caller, language: str, rows: Sequence[Mapping[str, Any]], now: datetime
) -> list[dict[str, Any]]:
    """Return the complaints in these rows as clients see them."""
    if not rows:
        return []
    lifecycle = ledger.lifecycles[rows[0]["kind"]]
    renderer = ComplaintRenderer(ledger, lifecycle, ListedComplaint, caller, language, rows=Complaint)
    complaints = [from_row(Complaint, dict(row)) for row in rows]
    items = [renderer.values_of(complaint) for complaint in complaints]
    await renderer.render_many(items)
    teams = await ledger.directory.teams({row["ticket_team"] for row in rows} - {None})
    for item, row, complaint in zip(items, rows, complaints, strict=True):
        team = teams.get(row["ticket_team"])
        assert complaint.due_at is not None
        item |= {name: row[name] for name in ("kind", "ticket", "number", "ticket_title", "service")}
        item["state"] = complaint.state.value
        item["overdue"] = complaint.state is ComplaintState.open and complaint.due_at < now
        item["team"] = None if team is None else {"id": team.id, "key": team.key, "name": team.name}
    return [{name: item[name] for name in ListedComplaint.model_fields} for item in items]
