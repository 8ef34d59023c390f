"""Awards (tables)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from sqlmodel import Field

from app.common.notices import NoticeType, Responsible
from app.common.personal import Personal
from app.common.records import CodeEnum, ForeignRef, Record, optional, required
from app.common.state_fields import EnteredAt


class RecognitionState(CodeEnum):
    """State of an award, which is given and stays so."""

    awarded = "awarded", "Awarded", "已授予"


class RecognitionKind(CodeEnum):
    """What an award is for."""

    idea = "idea", "A good idea", "金点子"
    service = "service", "Excellent service", "优质服务"
    knowledge = "knowledge", "Knowledge shared", "知识分享"
    teamwork = "teamwork", "Teamwork", "团队协作"
    quality = "quality", "Quality", "质量标兵"


class Recognition(Record):
    """An award to a person or to a team. One that is `public` everybody sees; others those concerned."""

    KIND: ClassVar[str] = "recognition"

    number: str = Field(default="", description="Number that people call it by; accepted wherever the id is.")
    state: RecognitionState | None = required("Its state.")
    kind: RecognitionKind | None = required("The kind of merit.", examples=["knowledge"])
    reason: Annotated[str | None, Personal()] = required(
        "The reason.", examples=["Her articles have spared the desk a hundred calls."]
    )
    person_id: Annotated[UUID | None, ForeignRef("person"), Responsible(NoticeType.recognised)] = optional(
        "The person who receives it; this, or `team`."
    )
    team_id: Annotated[UUID | None, ForeignRef("team")] = optional("The team that receives it.")
    public: bool | None = required("True if everybody sees it.")
    given_by_id: Annotated[UUID | None, ForeignRef("person")] = required("The person who gives it.")
    given_at: Annotated[datetime | None, EnteredAt(RecognitionState.awarded)] = required(
        "Time at which it was given."
    )
