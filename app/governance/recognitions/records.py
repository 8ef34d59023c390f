"""Awards (tables)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from app.common.duties import GivenDuty
from app.common.notices import NoticeType, Responsible
from app.common.personal import Personal
from app.common.records import CodeEnum, ForeignRef, Record, optional, required
from app.common.state_fields import EnteredAt


class RecognitionState(CodeEnum):
    """State of an award, which never changes."""

    awarded = "awarded", "Awarded", "已授予"


class RecognitionKind(CodeEnum):
    """Kind of merit for which an award is given."""

    idea = "idea", "A good idea", "金点子"
    service = "service", "Excellent service", "优质服务"
    knowledge = "knowledge", "Knowledge shared", "知识分享"
    teamwork = "teamwork", "Teamwork", "团队协作"
    quality = "quality", "Quality", "质量标兵"


class RecognitionForm(CodeEnum):
    """Form of an award."""

    praise = "praise", "Praise", "表扬"
    certificate = "certificate", "Certificate of honour", "荣誉证书"
    bonus = "bonus", "Bonus", "奖金"
    promotion = "promotion", "Chance of promotion", "晋升机会"


class Recognition(Record):
    """An award to a person or to a team. One that is `public` everybody sees; others those concerned."""

    KIND: ClassVar[str] = "recognition"

    number: str = ""
    state: RecognitionState | None = required()
    kind: RecognitionKind | None = required(
        "Kind of merit for which the award is given.", examples=["knowledge"]
    )
    form: RecognitionForm | None = optional(
        "Form of the award; null for awards of earlier releases.", examples=["certificate"]
    )
    scorecard_id: Annotated[UUID | None, ForeignRef("scorecard")] = optional(
        "Scorecard with the result that the award recognises; null for praise without one."
    )
    reason: Annotated[str | None, Personal()] = required(
        "Reason for the award.", examples=["Her articles have spared the desk a hundred calls."]
    )
    person_id: Annotated[
        UUID | None, ForeignRef("person", GivenDuty.award), Responsible(NoticeType.recognised)
    ] = optional("Person who receives the award; null for an award to a team.")
    team_id: Annotated[UUID | None, ForeignRef("team", GivenDuty.team_work)] = optional(
        "Team that receives the award; null for an award to a person."
    )
    public: bool | None = required("True if everybody sees the award.")
    given_by_id: Annotated[UUID | None, ForeignRef("person")] = required("Person who gives the award.")
    given_at: Annotated[datetime | None, EnteredAt(RecognitionState.awarded)] = required(
        "Time at which the award was given."
    )
