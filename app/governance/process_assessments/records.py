"""Assessments of processes (table)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar
from uuid import UUID

from sqlalchemy import BigInteger

from app.common.personal import Personal
from app.common.records import CodeEnum, Document, ForeignRef, Record, optional, required
from app.common.state_fields import EnteredAt
from app.foundation.process_names import OF_PROCESS


class ProcessAssessmentState(CodeEnum):
    """State of a process assessment."""

    open = "open", "Open", "进行中"
    concluded = "concluded", "Concluded", "已完成"


class ProcessAssessmentMeans(CodeEnum):
    """Means by which a process is assessed."""

    interview = "interview", "Interviews", "访谈"
    questionnaire = "questionnaire", "Questionnaires", "问卷"
    walkthrough = "walkthrough", "Walkthroughs of drawn cases", "抽样穿行"
    log = "log", "The log", "事件日志"


class MaturityAspect(CodeEnum):
    """Aspect whose maturity is assessed."""

    process = "process", "Process", "流程"
    tool = "tool", "Tool", "工具"
    skills = "skills", "Skills", "技能"
    organisation = "organisation", "Organisation", "组织"


class ProcessAssessment(Record):
    """An assessment of a process. `maturity` has a level from 0 to 5 for each aspect. `position` is that of
    the log as of which its measures were computed last.
    """

    KIND: ClassVar[str] = "process_assessment"

    number: str = ""
    state: ProcessAssessmentState | None = required()
    title: str | None = required(
        "Title of the assessment in one line, without names of persons.", examples=["Incidents, 2027"]
    )
    process: Annotated[str | None, OF_PROCESS] = required(
        "Process that is assessed, such as `incident`, or its name.", examples=["incident"]
    )
    means: list[str] | None = required(
        "Means by which the process is assessed.", examples=[["interview", "log"]]
    )
    assessor_id: Annotated[UUID | None, ForeignRef("person")] = optional("Person who assesses the process.")
    maturity: Annotated[dict[str, Any] | None, Document()] = optional(
        "Maturity of each aspect, from 0 (absent) to 5 (improves continually); null until the "
        "assessment is concluded."
    )
    pains: Annotated[str | None, Personal()] = optional("Difficulties of the people who work in the process.")
    needs: Annotated[str | None, Personal()] = optional("Needs of the business.")
    position: int | None = optional(
        "Position in the log at which the figures were computed; null before the first computation.",
        sa_type=BigInteger,
    )
    opened_at: Annotated[datetime | None, EnteredAt(ProcessAssessmentState.open)] = required(
        "Time at which the assessment was opened."
    )
    measured_at: datetime | None = optional(
        "Time at which the figures were last computed; null before the first computation."
    )
    concluded_at: Annotated[datetime | None, EnteredAt(ProcessAssessmentState.concluded)] = optional(
        "Time at which the assessment was concluded; null until then."
    )

    @property
    def concerned_process(self) -> str | None:
        """The process that is assessed: its owner sees to its assessments."""
        return self.process
