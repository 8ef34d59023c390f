"""The list of decisions on records of every kind that the caller sees: `/v1/decisions`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, ClassVar
from uuid import UUID

from fastapi import Query, Request
from pydantic import Field
from starlette.responses import Response

from app.api.authentication.auth import caller_of, ledger_of
from app.api.direct import DirectRoute, Router
from app.api.listings import cursors
from app.api.listings.filters import ME, MOST_VALUES, NONE, CommaSeparated, PersonNamed, Time, WhereClause
from app.api.listings.list_queries import Paging
from app.api.listings.page_responses import page_response
from app.api.records.shapes import OutputModel, PersonStub, Renderer, page_of
from app.api.requests.accept import language_for
from app.common.people import Caller
from app.common.records import from_row
from app.foundation.decisions.records import Decision, DecisionOutcome, DecisionRule, DecisionState, Vote
from app.kernel.access.visibility import seen_condition
from app.kernel.actions.payloads import LONGEST_KEY
from app.kernel.ledger import Ledger
from app.log.canonical import from_instant, instant

router = Router(prefix="/v1/decisions", tags=["tickets"], route_class=DirectRoute)
PATH = "decisions"
#: The decisions on records of one kind. Uses the index decision_due.
OF_KIND = """
select d.*, '{kind}' as kind, r.id as about, {number} as number, {title} as title
from fold.decision d join {table} r on r.id = split_part(d.record, '/', 2)::uuid
where d.record like '{kind}/%%' and {conditions} order by d.due_at, d.id limit {limit}"""
WAITS_FOR = """exists (select from fold.vote v where v.decision_id = d.id and v.person_id = any({persons})
  and v.verdict is null and v.closed_at is null)"""
VOTES = """
select * from fold.vote where decision_id = any(%s::uuid[]) order by decision_id, asked_at, id"""


class ListedVoter(OutputModel):
    """A person who was asked to vote on a decision."""

    person: PersonStub
    voted_at: datetime | None = Field(description="Time of the vote; null if the person has not voted.")


class ListedDecision(OutputModel):
    """A decision on a record, and the persons who have voted or not. Their answers are among the record's
    votes.
    """

    id: UUID
    kind: str = Field(description="Kind of the record, such as `change`.", examples=["change"])
    about: UUID = Field(description="Identifier of the record.")
    number: str | None = Field(description="Number of the record; null for a kind without numbers.")
    title: str | None = Field(description="Title of the record; null for a kind without titles.")
    question: str = Field(description="Question of the decision, in one line.")
    state: DecisionState
    rule: DecisionRule
    quorum: int = Field(description="Number of votes that are required, including abstentions.")
    missing: int = Field(description="Number of votes that are missing for the quorum.")
    chair: PersonStub | None = Field(
        description="Person who decides if the rule is `chair`; null for other rules."
    )
    asked_by: PersonStub | None = Field(
        description="Person who put the question; null if an automation rule did."
    )
    asked_at: datetime = Field(description="Time at which the question was put.")
    due_at: datetime = Field(description="Time until which votes count.")
    reminded_at: datetime | None = Field(
        description="Time at which persons who had not voted were reminded; null if not reminded."
    )
    outcome: DecisionOutcome | None = Field(description="Outcome; null until there is one.")
    closed_at: datetime | None = Field(description="Time at which the vote ended; null while it is open.")
    voted: list[ListedVoter] = Field(description="Persons who have voted.")
    not_voted: list[ListedVoter] = Field(description="Persons who were asked and have not voted.")


class DecisionQuery(Paging):
    """Query parameters of the list of decisions; all must hold."""

    state: DecisionState = Field(DecisionState.open, description="State of the decisions.")
    kind: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=LONGEST_KEY)]] | None, CommaSeparated
    ] = Field(None, max_length=MOST_VALUES, description="Kinds of the records.", examples=[["change"]])
    waits_for: Annotated[list[PersonNamed] | None, CommaSeparated] = Field(
        None,
        max_length=MOST_VALUES,
        description="Persons whose vote is missing: ids, or `me`.",
    )
    due_after: Time | None = Field(None, description="Decisions that are due at this time or later.")
    due_before: Time | None = Field(None, description="Decisions that are due before this time.")


class DecisionRenderer(Renderer):
    """Renders decisions; what is shown of the record and of the votes is added afterwards."""

    COMPUTED: ClassVar[frozenset[str]] = frozenset(
        {"kind", "about", "number", "title", "missing", "voted", "not_voted"}
    )


@router.endpoint(
    "", "List decisions on all records", page_of(ListedDecision, "decisions, by due time"), refused=(400, 422)
)
async def list_decisions(request: Request, query: Annotated[DecisionQuery, Query()]) -> Response:
    """List the decisions on the records that the caller may see, with the missing votes."""
    ledger, caller = ledger_of(request), caller_of(request)
    scope = f"{PATH} {query.model_dump_json(exclude={'limit', 'cursor'}, exclude_unset=True)}"
    sign = ledger.vault.fingerprint
    after = None if query.cursor is None else cursors.read(query.cursor, scope, sign)
    text, parameters = page_statement(ledger, caller, query, after)
    rows = await ledger.db.rows(text, parameters) if text else []
    more, rows = len(rows) > query.limit, rows[: query.limit]
    cursor = None
    if more:
        cursor = cursors.write([instant(rows[-1]["due_at"]), str(rows[-1]["id"])], scope, sign)
    items = await _items(ledger, caller, language_for(request), rows)
    return page_response(request, {"items": items, "next_cursor": cursor})


def page_statement(
    ledger: Ledger, caller: Caller, query: DecisionQuery, after: Sequence[str] | None
) -> tuple[str, dict[str, Any]]:
    """Return the SQL of a page and one row more, with its parameters; no text if no kind is asked for that
    is decided about. `after` is where the page before ended.
    """
    where = WhereClause()
    conditions = [f"d.state = '{query.state.value}'", *_conditions(where, caller, query)]
    if after is not None:
        time, last = where.bind(from_instant(after[0])), where.bind(UUID(after[1]))
        conditions.append(f"(d.due_at, d.id) > ({time}, {last})")
    parts = []
    for lifecycle in ledger.lifecycles.values():
        is_wanted = query.kind is None or lifecycle.kind in query.kind
        if Decision not in lifecycle.children or not is_wanted:
            continue
        condition = seen_condition(
            caller, lifecycle, "d.record", where.bind, agents_see=ledger.settings.agents_see
        )
        parts.append(
            OF_KIND.format(
                kind=lifecycle.kind,
                table=lifecycle.table,
                number="null::text" if lifecycle.code is None else "r.number",
                title="r.title" if "title" in lifecycle.record.model_fields else "null::text",
                conditions=" and ".join([*conditions, condition]),
                limit=query.limit + 1,
            )
        )
    together = " union all ".join(f"({part})" for part in parts)
    text = f"select * from ({together}) as f order by due_at, id limit {query.limit + 1}" if parts else ""
    return text, where.parameters


def _conditions(where: WhereClause, caller: Caller, query: DecisionQuery) -> list[str]:
    conditions = []
    if query.waits_for is not None:
        named = [caller.person_id if name == ME else UUID(name) for name in query.waits_for if name != NONE]
        conditions.append(WAITS_FOR.format(persons=f"{where.bind(named)}::uuid[]"))
    if query.due_after is not None:
        conditions.append(f"d.due_at >= {where.bind(query.due_after)}")
    if query.due_before is not None:
        conditions.append(f"d.due_at < {where.bind(query.due_before)}")
    return conditions


async def _items(
    ledger: Ledger, caller: Caller, language: str, rows: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Return the decisions in these rows as clients see them."""
    if not rows:
        return []
    lifecycle = ledger.lifecycles[rows[0]["kind"]]
    renderer = DecisionRenderer(ledger, lifecycle, ListedDecision, caller, language, rows=Decision)
    items = [renderer.values_of(from_row(Decision, dict(row))) for row in rows]
    await renderer.render_many(items)
    votes = [from_row(Vote, row) for row in await ledger.db.rows(VOTES, ([row["id"] for row in rows],))]
    of_votes = Renderer(ledger, lifecycle, ListedVoter, caller, language, rows=Vote)
    voters = [of_votes.values_of(vote) for vote in votes]
    await of_votes.render_many(voters)
    voters_of: dict[UUID | None, list[dict[str, Any]]] = {}
    for vote, voter in zip(votes, voters, strict=True):
        voters_of.setdefault(vote.decision_id, []).append(voter)
    for item, row in zip(items, rows, strict=True):
        item |= {name: row[name] for name in ("kind", "about", "number", "title")}
        of_it = [
            {name: voter[name] for name in ListedVoter.model_fields} for voter in voters_of.get(row["id"], ())
        ]
        item["voted"] = [voter for voter in of_it if voter["voted_at"] is not None]
        item["not_voted"] = [voter for voter in of_it if voter["voted_at"] is None]
        item["missing"] = max(0, row["quorum"] - len(item["voted"]))
    return [{name: item[name] for name in ListedDecision.model_fields} for item in items]
