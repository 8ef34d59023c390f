"""Deputies: persons who vote in the name of somebody who is away (tables)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from app.common.duties import GivenDuty
from app.common.notices import NoticeType, Responsible
from app.common.records import CodeEnum, ForeignRef, Hidden, Record, optional, required
from app.common.state_fields import EnteredAt


class DeputyState(CodeEnum):
    """State of a deputy."""

    named = "named", "Named", "已指定"
    ended = "ended", "Ended", "已终止"


class Deputy(Record):
    """A deputy, `deputy_id`, who votes in the name of `person_id` from `from_at` until before `until_at`, on
    decisions of the kinds in `decisions`; None: of every kind. `key_id` and `secret_hash` are of the key that
    it was named or confirmed with: a rotation of a stolen key finds it by them.
    """

    KIND: ClassVar[str] = "deputy"

    state: DeputyState | None = required()
    person_id: Annotated[UUID | None, ForeignRef("person", GivenDuty.participation, quiet=True)] = required(
        "Person in whose name the deputy votes."
    )
    deputy_id: Annotated[
        UUID | None, ForeignRef("person", GivenDuty.deputising), Responsible(NoticeType.in_charge)
    ] = required("Deputy who votes in the person's name.")
    decisions: list[str] | None = optional(
        "Kinds of decisions on which the deputy votes; null for all kinds.", examples=[["change"]]
    )
    from_at: datetime | None = required("Beginning of the period.", examples=["2026-12-01T00:00:00Z"])
    until_at: datetime | None = required("End of the period, exclusive.", examples=["2027-01-01T00:00:00Z"])
    key_id: Annotated[UUID | None, Hidden()] = None
    secret_hash: Annotated[str | None, Hidden()] = None
    set_with: Annotated[list[str] | None, Hidden()] = None
    suspended_by_rotation: bool | None = optional(
        "True if the key that named the deputy was revoked, or rotated without an overlap: the deputy "
        "does not vote until the person confirms them."
    )
    named_at: Annotated[datetime | None, EnteredAt(DeputyState.named)] = required()
    ended_at: Annotated[datetime | None, EnteredAt(DeputyState.ended)] = None
