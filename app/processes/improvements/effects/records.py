"""The measured effects of an improvement, its evaluation and outcome (tables)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from sqlalchemy import BigInteger

from app.common.personal import Personal
from app.common.records import (
    ChildRecord,
    CodeEnum,
    ForeignRef,
    RecordPart,
    optional,
    required,
)
from app.kpis.statistics.effects.codes import EffectVerdict, PromiseVerdict


class MeasurementOccasion(CodeEnum):
    """The occasion on which the effect of an improvement is measured."""

    pilot = "pilot", "Pilot", "试点"
    evaluation = "evaluation", "Evaluation", "评估"
    month_3 = "month_3", "After 3 months", "3个月后"
    month_6 = "month_6", "After 6 months", "6个月后"
    month_12 = "month_12", "After 12 months", "12个月后"


class ImprovementEvaluation(RecordPart):
    """The newest measurement of an improvement's effects, and how they were evaluated.

    `measured_position` is the log position of the newest measurement, `measured_occasion` what it was for.
    `against_evidence`: it was judged as reached, or passed, although the measured effect does not show it;
    the reason stays. `agreed_by_id` is the process owner who has agreed to its evaluation.
    """

    KIND: ClassVar[str] = "improvement_evaluation"

    measured_occasion: MeasurementOccasion | None = optional("Occasion of the newest measurement.")
    measured_position: int | None = optional(
        "The log position of the newest measurement.", sa_type=BigInteger
    )
    measured_at: datetime | None = None
    goal_reached: bool | None = None
    scope_reached: bool | None = None
    benefit_reached: bool | None = None
    reached: bool | None = None
    against_evidence: bool | None = optional(
        "True if it was judged as reached, or not, although the measured effect shows otherwise."
    )
    against_evidence_reason: Annotated[str | None, Personal()] = optional(
        "Reason for that judgement, or for passing a pilot that shows less than was promised of it."
    )
    evaluation_comment: Annotated[str | None, Personal()] = None
    evaluated_by_id: Annotated[UUID | None, ForeignRef("person")] = None
    agreed_by_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "The process owner who has agreed to its evaluation."
    )
    evaluated_at: datetime | None = None


class ImprovementOutcome(RecordPart):
    """The outcome of an improvement: what was published when it was standardised, and whether it lasted."""

    KIND: ClassVar[str] = "improvement_outcome"

    document_numbers: list[str] | None = None
    published_at: datetime | None = None
    fixed_at: datetime | None = None
    faded_at: datetime | None = optional("Time at which its benefit was found to have faded.")
    revert_reason: Annotated[str | None, Personal()] = None
    reverted_told: Annotated[str | None, Personal()] = optional(
        "People who were told that the old process stands, and the way."
    )


class ImprovementMeasurement(ChildRecord):
    """The measured effect of an improvement on one target KPI: the effect's record, and the log position at
    which it was computed.

    `kept` tells, of a benefit that is measured again, whether 80 % of the effect that was judged is still
    there; None where there is nothing to compare with.

    `from_at` and `until_at` are the window after the change, `agreed_until_at` is until when the pilot was
    agreed, and `times` how often it was measured on this occasion, in this round of the pilot, this time
    among them. `change` is the change as a part of the value before, the way that the KPI improves: 0.5 is
    half better. `goal` is what the rollout aims at, or by default a major improvement, and `goal_met` whether
    the change is as much.
    """

    KIND: ClassVar[str] = "improvement_measurement"

    occasion: MeasurementOccasion | None = required()
    pilot_round: int | None = None
    target: str | None = required("The key of the target.")
    kpi: str | None = required()
    effect_id: Annotated[UUID | None, ForeignRef("kpi_effect")] = required(
        "The effect, with all its figures: `/v1/effects/{id}`."
    )
    verdict: EffectVerdict | None = required()
    promise: PromiseVerdict | None = optional("Comparison of the effect with what was promised.")
    effect: str | None = optional("Effect as a decimal text; null: there is none.")
    promised_effect: str | None = None
    kept: bool | None = optional("True if 80 % of the judged effect is still there; for benefits.")
    from_at: datetime | None = optional("Beginning of the window after the change.")
    until_at: datetime | None = optional("End of that window: of the pilot, or the time of measuring.")
    agreed_until_at: datetime | None = optional("Time until which the pilot was agreed to last.")
    times: int | None = optional(
        "Number of measurements on this occasion by then; each may find something by chance."
    )
    change: str | None = optional(
        "The change as a part of the value before, as a decimal text: 0.5 is half better."
    )
    goal: str | None = optional("Goal of the rollout, or of a major improvement by default, as such a part.")
    goal_met: bool | None = optional("True if the change is as much; null: there is no such goal.")
    position: int | None = required("The log position at which it was computed.", sa_type=BigInteger)
    measured_at: datetime | None = required()
