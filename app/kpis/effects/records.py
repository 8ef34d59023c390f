"""The record of a measured effect."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar
from uuid import UUID

from sqlalchemy import BigInteger
from sqlmodel import Field

from app.common.records import CodeEnum, Document, ForeignRef, Record


class EffectState(CodeEnum):
    """The state of an effect, which never changes."""

    measured = "measured", "Measured", "已测量"


class PromisedAs(CodeEnum):
    """What a promised effect is a part of."""

    relative = "relative", "A part of the value before", "相对于之前的值"
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

    state: EffectState | None = None
    kpi: str | None = None
    before_begins_at: datetime | None = None
    before_ends_at: datetime | None = None
    after_begins_at: datetime | None = None
    after_ends_at: datetime | None = None
    scope: Annotated[dict[str, Any] | None, Document()] = None
    control: Annotated[dict[str, Any] | None, Document()] = None
    promised: str | None = None
    promised_as: PromisedAs | None = None
    change: str | None = None
    zone: str | None = None
    currency: str | None = None
    reopen_days: int | None = None
    position: int | None = Field(default=None, sa_type=BigInteger)
    seed: int | None = Field(default=None, sa_type=BigInteger)
    resamples: int | None = None
    verdict: str | None = None
    result: Annotated[dict[str, Any] | None, Document()] = None
    measured_by_id: Annotated[UUID | None, ForeignRef("person")] = None
    measured_at: datetime | None = None
