"""Open work of a team: a team that has some is not retired, and its loss of the last member is reported."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from app.common.duties import GivenDuty
from app.common.notices import NoticeType, Responsible
from app.common.people import Role
from app.common.records import ForeignRef
from app.foundation.people.records import Team
from app.foundation.people.succession.duties import KIND_DUTIES
from app.kernel.access.reads import HOLDERS, ReadContext, Reading, Unguarded
from app.kernel.actions.context import ActionContext
from app.kernel.actions.payloads import LONGEST_LIST, BoundedList, Payload, Reference, ShortText
from app.kernel.actions.refusals import WrongValue
from app.platform.db import Row

#: Kinds of records that teams work on, themselves or by a task in them.
TEAM_KINDS = ("change", "improvement", "incident", "problem", "release", "request")
#: So many numbers are listed at most.
MOST_LISTED = 10
_OPEN = """
select r.number, '{kind}' as kind from fold.{kind} r
where r.state <> all(array[{ended}]::text[]) and (r.team_id = %(team)s or exists (
  select 1 from fold.task t
  where t.record = '{kind}/' || r.id and t.team_id = %(team)s and t.completed_at is null and t.dropped_at is null))"""
_OPEN_WORK = " union all ".join(
    _OPEN.format(kind=kind, ended=", ".join(f"'{state}'" for state in sorted(KIND_DUTIES[kind].ended)))
    for kind in TEAM_KINDS
)
NUMBERS_OF_OPEN_WORK = f"""
select number, kind, count(*) over () as every from ({_OPEN_WORK}) w order by number limit {MOST_LISTED}"""
TEAMS_WITHOUT_MEMBERS = """
select t.id from fold.team t
where t.id = any(%s) and t.state = 'active' and t.kind = 'internal' and not exists (
  select 1 from fold.membership m join fold.person p on p.id = m.person_id
  where m.team_id = t.id and p.state = 'active')"""


@dataclass(frozen=True, slots=True)
class OpenWork:
    """The open records of a team: how many, the numbers of the first, and the kinds of these."""

    count: int
    numbers: tuple[str, ...]
    kinds: frozenset[str]


async def open_work_of(read: Reading, team: UUID) -> OpenWork | None:
    """Return the open work of the team; None: it has none."""
    rows = await read(NUMBERS_OF_OPEN_WORK, {"team": team})
    if not rows:
        return None
    return OpenWork(
        rows[0]["every"], tuple(row["number"] for row in rows), frozenset(row["kind"] for row in rows)
    )


async def has_open_work(reads: ReadContext, team: Team, body: object, ctx: ActionContext) -> None:
    """Refuse to retire a team with open work (`team_has_open_work`), and name the first records."""
    guard = Unguarded("A ticket that is assigned a moment later is found on the page of the team.")

    async def read(query: str, values: Any) -> list[Row]:
        return await reads.rows(query, values, guard=guard)

    work = await open_work_of(read, team.id)
    if work is not None:
        words = {"count": str(work.count), "numbers": ", ".join(work.numbers)}
        raise WrongValue(words, pointer="", because="team_has_open_work")


class ReportWorkTeam(Payload):
    """The open work of a team that has lost its last member, and the people who are notified."""

    work_count: int = Field(ge=1, description="Number of open records on which the team works.")
    numbers: Annotated[tuple[ShortText, ...], BoundedList] = Field(
        max_length=MOST_LISTED, description="Numbers of the first of these records."
    )
    persons: Annotated[
        tuple[
            Annotated[
                Reference, ForeignRef("person", GivenDuty.recorded), Responsible(NoticeType.team_unstaffed)
            ],
            ...,
        ],
        BoundedList,
    ] = Field(max_length=LONGEST_LIST, description="People who are notified.")


def report_work(team: Team, body: ReportWorkTeam, ctx: ActionContext) -> None:
    """Report the team's open work, since its last member has left: the managers are notified."""


async def managers_of(read: Reading, kinds: frozenset[str]) -> list[UUID]:
    """Return the active managers of these kinds of records, or else the administrators."""
    roles = {role.value for kind in kinds for role in KIND_DUTIES[kind].managers}
    for held in (sorted(roles), [Role.admin.value]):
        if found := [row["id"] for row in await read(HOLDERS, (held, LONGEST_LIST))]:
            return found
    return []
