"""Open work of a team: a team that has some is not retired, and its loss of the last member is reported."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from app.common.duties import GivenDuty
from app.common.notices import NoticeType, Responsible
from app.common.records import ForeignRef
from app.foundation.people.records import Team
from app.foundation.people.succession.lookups import MOST_NUMBERS, open_work_of
from app.kernel.access.reads import ReadContext, Unguarded
from app.kernel.actions.context import ActionContext
from app.kernel.actions.payloads import LONGEST_LIST, BoundedList, Instant, Payload, Reference, ShortText
from app.kernel.actions.refusals import WrongValue
from app.platform.db import Row


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
    """The open work of a team that has lost its last member, what goes on giving it work, and the people who
    are notified.
    """

    work_count: int = Field(ge=0, description="Number of open records on which the team works.")
    numbers: Annotated[tuple[ShortText, ...], BoundedList] = Field(
        max_length=MOST_NUMBERS, description="Numbers of the first of these records."
    )
    first_due_at: Instant | None = Field(
        default=None, description="Earliest time at which one of them is due; null if none has a due time."
    )
    work_sources: Annotated[tuple[ShortText, ...], BoundedList] = Field(
        default=(),
        max_length=MOST_NUMBERS,
        description="Names of the rules, services and catalogue items that give the team work.",
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
    """Report the team's open work, since its last member has left: the managers, and those who keep what
    gives the team work, are notified.
    """
