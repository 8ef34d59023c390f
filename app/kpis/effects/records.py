"""The record of a measured effect."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar
from uuid import UUID

from sqlalchemy import BigInteger

from app.common.records import CodeEnum, Document, ForeignRef, Record, optional, required


class EffectState(CodeEnum):
    """The state of a KPI effect, which never changes."""

    measured = "measured", "Measured", "已测量"


class MeasuredFigure(CodeEnum):
    """The figure of a KPI on which an effect is measured: its value, or one of long cases."""

    kpi = "kpi", "Value of the KPI", "指标值"
    p90 = "p90", "90th percentile", "第 90 百分位数"
    share_longer = "share_longer", "Share of cases that take longer", "超时单据占比"


class PromisedAs(CodeEnum):
    """The form of a promised effect: relative to the value before, or absolute in the unit of the KPI."""

    relative = "relative", "Relative to the value before", "相对于实施前的值"
    absolute = "absolute", "In the unit of the KPI", "按指标单位"


class KpiEffect(Record):
    """An effect: what was asked, and what came of it.

    The windows are half open. `scope` are the filters of the cases by dimension, `control` those of the cases
    without a change (null: no control). `promised` is a decimal text: the promised change, in the KPI's
    direction or, with a minus sign, against it. `change` is the number of the record that caused the effect.
    `position` is that of the log which was read, `zone`, `currency` and `reopen_days` are the organisation's
    settings then. `seed` and `resamples` are those of resampling, `result` is the content (see
    `content.EffectResult`) with numbers as texts.
    """

    KIND: ClassVar[str] = "kpi_effect"

    state: EffectState | None = required()
    kpi: str | None = required("Key of the KPI.", examples=["incident_resolution_seconds"])
    before_begins_at: datetime | None = required("Beginning of the window before the change.")
    before_ends_at: datetime | None = required("End of the window before the change, exclusive.")
    after_begins_at: datetime | None = required("Beginning of the window after the change.")
    after_ends_at: datetime | None = required("End of the window after the change, exclusive.")
    scope: Annotated[dict[str, Any] | None, Document()] = required(
        "Filters of the cases to which the change applied, by dimension; empty for all cases."
    )
    control: Annotated[dict[str, Any] | None, Document()] = optional(
        "Filters of control cases without the change, in the same windows: the effect is then the "
        "difference of the differences. Null if there are no control cases."
    )
    figure: MeasuredFigure | None = optional(
        "Figure that is compared; null for the KPI's value, in effects measured before it could be chosen."
    )
    longer_than: int | None = optional(
        "Number of seconds that counts as long, for `share_longer`; null for other figures.",
        sa_type=BigInteger,
    )
    promised: str | None = optional("Promised change, as a decimal text; null if not promised.")
    promised_as: PromisedAs | None = optional("Form of the promised change; null if not promised.")
    change: str | None = optional(
        "Number of the change or improvement whose effect is measured; null if not named."
    )
    zone: str | None = required("Time zone in which days begin and end.")
    currency: str | None = required("Currency of the counted costs (ISO 4217).")
    reopen_days: int | None = required("Number of days in which an ended case could be reopened.")
    position: int | None = required(
        "Position in the log at which the effect was measured; anybody can recompute it there.",
        sa_type=BigInteger,
    )
    seed: int | None = required(
        "Seed of the resampling; null if the method does not resample.", sa_type=BigInteger
    )
    resamples: int | None = required("Number of resamples; null if the method does not resample.")
    verdict: str | None = required("Verdict on the effect, as a code.")
    result: Annotated[dict[str, Any] | None, Document()] = required("Result with all figures.")
    measured_by_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "Person who measured the effect; null if an automation rule did."
    )
    measured_at: datetime | None = required("Time at which the effect was measured.")
