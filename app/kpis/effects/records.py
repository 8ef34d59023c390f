"""The record of a measured effect."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar
from uuid import UUID

from sqlalchemy import BigInteger

from app.common.records import CodeEnum, Document, ForeignRef, Record, optional, required


class EffectState(CodeEnum):
    """The state of an effect, which never changes."""

    measured = "measured", "Measured", "已测量"


class PromisedAs(CodeEnum):
    """What a promised effect is a part of."""

    relative = "relative", "Relative to the value before", "相对于之前的值"
    absolute = "absolute", "In the unit of the KPI", "按指标单位"


class KpiEffect(Record):
    """An effect: what was asked, and what came of it.

    The windows are half open. `scope` are the filters of the cases by dimension, `control` those of the cases
    that nothing was changed for (null: no control). `promised` is a decimal text: the change that was
    promised, in the KPI's direction or against it as its sign says. `change` is the number of what it is the
    effect of. `position` is that of the log which was
    read, `zone`, `currency` and `reopen_days` are the organisation's settings then. `seed` and `resamples`
    are those of resampling, `result` is the content (see `content.EffectResult`) with numbers as texts.
    """

    KIND: ClassVar[str] = "kpi_effect"

    state: EffectState | None = required()
    kpi: str | None = required("The key of the KPI.", examples=["incident_resolution_seconds"])
    before_begins_at: datetime | None = required()
    before_ends_at: datetime | None = required("The end, exclusive.")
    after_begins_at: datetime | None = required()
    after_ends_at: datetime | None = required("The end, exclusive.")
    scope: Annotated[dict[str, Any] | None, Document()] = required(
        "The cases that the change was for. Empty: all."
    )
    control: Annotated[dict[str, Any] | None, Document()] = optional(
        "Cases that nothing was changed for, in the same windows: the effect is then the "
        "difference of both differences. None: no control."
    )
    promised: str | None = optional("The change that was promised, as a decimal text.")
    promised_as: PromisedAs | None = None
    change: str | None = optional("The number of the change or improvement whose effect it is.")
    zone: str | None = required("The time zone by which days are cut.")
    currency: str | None = required()
    reopen_days: int | None = required()
    position: int | None = required(
        "The position of the log that was read. With it anybody can recompute.", sa_type=BigInteger
    )
    seed: int | None = required("The seed of resampling.", sa_type=BigInteger)
    resamples: int | None = required("Number of resamples, where the method resamples.")
    verdict: str | None = required()
    result: Annotated[dict[str, Any] | None, Document()] = required()
    measured_by_id: Annotated[UUID | None, ForeignRef("person")] = None
    measured_at: datetime | None = required()
