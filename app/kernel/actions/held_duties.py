"""Whether somebody is still eligible for a duty that a record or child record gives them."""

from __future__ import annotations

from uuid import UUID

from app.common.duties import GivenDuty, HeadedTeam
from app.common.people import Person
from app.common.records import ForeignRef, Record
from app.kernel.access.eligibility import is_eligible
from app.kernel.access.reads import ReadContext
from app.kernel.actions.payloads import marks


async def fits_duty(reads: ReadContext, row: Record, field: str, duty: GivenDuty, person: UUID) -> bool:
    """Return whether the person is eligible, in some scope, for the duty that the field of the record or
    child record gives, and holds the role, and heads the team, that the row demands besides.
    """
    mark = marks(type(row), ForeignRef).get(field)
    role = None if mark is None or mark.role_field is None else getattr(row, mark.role_field)
    headed = marks(type(row), HeadedTeam).get(field)
    team = None if headed is None else getattr(row, headed.team_field)
    return await is_eligible(reads, Person.KIND, person, duty, None, role=role, team=team)
