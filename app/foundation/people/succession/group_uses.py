"""Uses of a group: records that ask it to decide or to accept. A group that loses its last member is
reported to those who can name another.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from app.common.duties import GivenDuty
from app.common.notices import NoticeType, Responsible
from app.common.records import ForeignRef
from app.foundation.people.records import Group
from app.foundation.people.succession.lookups import MOST_NUMBERS
from app.kernel.actions.context import ActionContext
from app.kernel.actions.payloads import LONGEST_LIST, BoundedList, Payload, Reference, ShortText


class ReportUsesGroup(Payload):
    """The records that ask a group which has lost its last member, and the people who are notified."""

    use_count: int = Field(ge=1, description="Number of records that ask the group.")
    asking_records: Annotated[tuple[ShortText, ...], BoundedList] = Field(
        max_length=MOST_NUMBERS, description="Numbers or keys of the first of these records."
    )
    persons: Annotated[
        tuple[
            Annotated[
                Reference, ForeignRef("person", GivenDuty.recorded), Responsible(NoticeType.group_unstaffed)
            ],
            ...,
        ],
        BoundedList,
    ] = Field(max_length=LONGEST_LIST, description="People who are notified.")


def report_uses(group: Group, body: ReportUsesGroup, ctx: ActionContext) -> None:
    """Report the records that ask the group, since its last member has left: those who can name another group
    or members are notified.
    """
