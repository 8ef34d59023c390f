"""The measured effects of an improvement, its evaluation and outcome (tables)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from sqlalchemy import BigInteger

from app.common.notices import NoticeType, Responsible
from app.common.personal import Personal
from app.common.records import (
    ChildRecord,
    CodeEnum,
    ForeignRef,
    RecordPart,
    optional,
    required,
)
from app.common.state_fields import PrintedReason
from app.kpis.statistics.effects.codes import EffectVerdict, PromiseVerdict


class MeasurementOccasion(CodeEnum):
    """The occasion on which the effect of an improvement is measured."""

    pilot = "pilot", "Pilot", "试点"
    evaluation = "evaluation", "Evaluation", "评估"
    month_3 = "month_3", "After 3 months", "3 个月后"
    month_6 = "month_6", "After 6 months", "6 个月后"
    month_12 = "month_12", "After 12 months", "12 个月后"


class ImprovementEvaluation(RecordPart):
    """The newest measurement of an improvement's effects, and how they were evaluated.

    `measured_position` is the log position of the newest measurement, `measured_occasion` what it was for.
    `against_evidence`: it was judged as reached, or passed, although the measured effect does not show it;
    the reason stays. `agreed_by_id` is the process owner who has agreed to its evaluation in person.
    """

    KIND: ClassVar[str] = "improvement_evaluation"

    measured_occasion: MeasurementOccasion | None = optional(
        "Occasion of the latest measurement; null before the first measurement."
    )
    measured_position: int | None = optional(
        "Position in the log of the latest measurement; null before the first measurement.",
        sa_type=BigInteger,
    )
    measured_at: datetime | None = optional(
        "Time of the latest measurement; null before the first measurement."
    )
    goal_reached: bool | None = optional("True if the goal was reached; null until the evaluation.")
    scope_reached: bool | None = optional(
        "True if the improvement covered its planned scope; null until the evaluation."
    )
    benefit_reached: bool | None = optional("True if the benefit was reached; null until the evaluation.")
    reached: bool | None = optional(
        "True if the improvement succeeded as a whole; null until the evaluation."
    )
    against_evidence: bool | None = optional("True if the evaluation contradicts the measured effect.")
    against_evidence_reason: Annotated[str | None, Personal(), PrintedReason()] = optional(
        "Reason for such an evaluation, or for passing a pilot with less effect than promised; null if "
        "not set."
    )
    evaluation_comment: Annotated[str | None, Personal()] = optional(
        "Comment on the evaluation; null if not given."
    )
    evaluated_by_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "Person who evaluated the improvement; null until then."
    )
    asked_owner_id: Annotated[
        UUID | None, ForeignRef("person"), Responsible(NoticeType.evaluation_to_agree)
    ] = optional("Process owner who was asked to agree to the evaluation; null if nobody was asked.")
    agreed_by_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "Process owner who agreed to the evaluation; null until then, or if no agreement is needed."
    )
    evaluated_at: datetime | None = optional("Time of the evaluation; null until then.")


class ImprovementOutcome(RecordPart):
    """The outcome of an improvement: what was published when it was standardised, and whether it lasted."""

    KIND: ClassVar[str] = "improvement_outcome"

    document_numbers: list[str] | None = optional(
        "Numbers of the documents, templates and forms that were updated; null until the improvement is "
        "standardised."
    )
    external_numbers: list[str] | None = optional(
        "Numbers of updated documents, templates and forms in other systems; null if not set.",
        examples=[["SOP-12"]],
    )
    published_at: datetime | None = optional(
        "Time at which the updated documents were published; null until then."
    )
    fixed_at: datetime | None = optional(
        "Time at which the process was fixed in behaviour, performance and tools; null until then."
    )
    faded_at: datetime | None = optional(
        "Time at which the benefit was found to have faded; null if it was not."
    )
    revert_reason: Annotated[str | None, Personal()] = optional(
        "Reason for reverting the improvement; null if it was not reverted."
    )
    reverted_told: Annotated[str | None, Personal()] = optional(
        "People who were informed that the old process applies again, and how; null if the improvement "
        "was not reverted."
    )


class ImprovementMeasurement(ChildRecord):
    """The measured effect of an improvement on one target KPI: the effect's record, and the log position at
    which it was computed.

    `kept` is, for a benefit that is measured again, whether 80 % of the effect that was judged is still
    there; None without a comparison.

    `from_at` and `until_at` are the window after the change, `agreed_until_at` is until when the pilot was
    agreed, and `times` how often it was measured on this occasion, in this round of the pilot, this time
    among them. `change` is the change as a part of the value before, the way that the KPI improves: 0.5 is
    half better. `goal` is what the rollout aims at, or by default a major improvement, and `goal_met` whether
    the change is as much.
    """

    KIND: ClassVar[str] = "improvement_measurement"

    occasion: MeasurementOccasion | None = required("Occasion of the measurement.")
    pilot_round: int | None = optional(
        "Round of the pilot that was measured, from 1; null for other occasions."
    )
    target: str | None = required("Key of the target.")
    kpi: str | None = required("Key of the KPI.")
    effect_id: Annotated[UUID | None, ForeignRef("kpi_effect")] = required(
        "Effect with all its figures: `/v1/effects/{id}`."
    )
    verdict: EffectVerdict | None = required("Verdict on the effect.")
    promise: PromiseVerdict | None = optional(
        "Comparison of the effect with the promised one; null if not promised."
    )
    effect: str | None = optional("Effect as a decimal text; null if it cannot be computed.")
    promised_effect: str | None = optional("Promised effect as a decimal text; null if not promised.")
    kept: bool | None = optional(
        "True if at least 80 % of the judged effect is left; null for other occasions than benefits."
    )
    from_at: datetime | None = optional("Beginning of the window after the change.")
    until_at: datetime | None = optional(
        "End of the window after the change: the end of the pilot, or the time of the measurement."
    )
    agreed_until_at: datetime | None = optional("Agreed end of the pilot; null for other occasions.")
    times: int | None = optional(
        "Number of measurements on this occasion so far; each can find an effect by chance."
    )
    change: str | None = optional(
        "Change relative to the value before, as a decimal text: 0.5 for an improvement by half."
    )
    goal: str | None = optional(
        "Goal of the rollout, or else of a major improvement, relative to the value before; null if not set."
    )
    goal_met: bool | None = optional("True if the change reaches the goal; null if there is no goal.")
    position: int | None = required(
        "Position in the log at which the effect was computed.", sa_type=BigInteger
    )
    measured_at: datetime | None = required("Time at which the effect was measured.")
