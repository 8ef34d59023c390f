"""Assessments of processes (table)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar
from uuid import UUID

from sqlalchemy import BigInteger
from sqlmodel import Field

from app.common.personal import Personal
from app.common.records import CodeEnum, Document, ForeignRef, Record, optional, required
from app.common.state_fields import EnteredAt
from app.foundation.process_names import OF_PROCESS


class ProcessAssessmentState(CodeEnum):
    """State of an assessment of a process."""

    open = "open", "Open", "进行中"
    concluded = "concluded", "Concluded", "已完成"


class ProcessAssessmentMeans(CodeEnum):
    """Means by which a process is assessed."""

    interview = "interview", "Interviews", "访谈"
    questionnaire = "questionnaire", "Questionnaires", "问卷"
    walkthrough = "walkthrough", "Walkthroughs of drawn cases", "抽样穿行"
    log = "log", "The log", "事件日志"


class MaturityAspect(CodeEnum):
    """Aspect of which the maturity is judged."""

    process = "process", "Process", "流程"
    tool = "tool", "Tool", "工具"
    skills = "skills", "Skills", "技能"
    organisation = "organisation", "Organisation", "组织"


class ProcessAssessment(Record):
    """An assessment of a process. `maturity` has a level from 0 to 5 for each aspect. `position` is that of
    the log as of which its measures were computed last.
    """

    KIND: ClassVar[str] = "process_assessment"

    number: str = Field(default="", description="The number that people use; accepted wherever the id is.")
    state: ProcessAssessmentState | None = required("The state of the assessment.")
    title: str | None = required(
        "The assessment in a line, without names of persons.", examples=["Incidents, 2027"]
    )
    process: Annotated[str | None, OF_PROCESS] = required(
        "The process that is assessed: `incident` …, or a name.", examples=["incident"]
    )
    means: list[str] | None = required("The means by which it is assessed.", examples=[["interview", "log"]])
    assessor_id: Annotated[UUID | None, ForeignRef("person")] = optional("The person who assesses it.")
    maturity: Annotated[dict[str, Any] | None, Document()] = optional(
        "The maturity of each aspect, from 0 (there is none) to 5 (it improves by itself)."
    )
    pains: Annotated[str | None, Personal()] = optional("The pains of those who work in it.")
    needs: Annotated[str | None, Personal()] = optional("The needs of the business.")
    position: int | None = optional(
        "The position of the log as of which its measures were computed.", sa_type=BigInteger
    )
    opened_at: Annotated[datetime | None, EnteredAt(ProcessAssessmentState.open)] = required(
        "The time at which it was opened."
    )
    measured_at: datetime | None = optional("The time at which its measures were computed last.")
    concluded_at: Annotated[datetime | None, EnteredAt(ProcessAssessmentState.concluded)] = optional(
        "The time at which it was concluded."
    )

    @property
    def concerned_process(self) -> str | None:
        """The process that is assessed: its owner sees to its assessments."""
        return self.process
