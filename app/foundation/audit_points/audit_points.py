"""Lifecycle of points: given by a rule that follows findings and audits, withdrawn with the finding.

valid ─► withdrawn
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from app.common.duties import GivenDuty
from app.common.notices import NoticeType, RecipientRule
from app.common.people import Role
from app.common.records import ForeignRef
from app.foundation.audit_points.records import AuditPoint, PointBasis, PointPart
from app.foundation.audit_points.records import AuditPointState as State
from app.kernel.access.audience_rules import to_persons
from app.kernel.access.kinds import KindAccess
from app.kernel.actions.actor_policy import rule
from app.kernel.actions.context import ActionContext
from app.kernel.actions.copying import copy_fields
from app.kernel.actions.lifecycle import NEW_RECORD, Lifecycle, action
from app.kernel.actions.payloads import EmptyPayload, Instant, Payload, Reference, Statement

MOST_POINTS, MOST_TIMES = 1_000_000, 10_000


class GiveAuditPoint(Payload, of=AuditPoint):
    """Points for one person."""

    person: Annotated[Reference, ForeignRef("person", GivenDuty.recorded, retired=True)]
    part: PointPart
    basis: PointBasis
    points: int = Field(ge=1, le=MOST_POINTS, strict=True)
    times: int = Field(ge=1, le=MOST_TIMES, strict=True)
    about: Statement
    counted_at: Instant


def give_points(points: AuditPoint, body: GiveAuditPoint, ctx: ActionContext) -> None:
    """Give audit points to a person, for a finding or a delay."""
    copy_fields(points, body, ctx)


def withdraw(points: AuditPoint, body: EmptyPayload, ctx: ActionContext) -> None:
    """Withdraw the audit points, because the finding was withdrawn."""


TELL_PERSON = (RecipientRule(NoticeType.points_given, field="person_id"),)
TELL_OF_END = (RecipientRule(NoticeType.points_withdrawn, field="person_id"),)

# fmt: off
LIFECYCLE = Lifecycle(
    kind="audit_point", plural="audit_points", zh="审核积分", record=AuditPoint,
    # Points are visible to the person and to those who settle objections: auditors, superiors and
    # administrators do not see them.
    visible=(to_persons("person_id"),),
    access=KindAccess(oversight=frozenset({Role.quality_manager})),
    rows=(
        #      action    中文    from           to               who   event
        action(give_points, "计分", NEW_RECORD, State.valid,     rule, "audit_point.given", name="give", notifies=TELL_PERSON),
        action(withdraw, "撤销", [State.valid], State.withdrawn, rule, "audit_point.withdrawn", notifies=TELL_OF_END),
    ),
)
# fmt: on
