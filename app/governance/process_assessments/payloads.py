"""Payloads of actions on assessments of processes."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from app.foundation.process_names import ProcessName
from app.governance.process_assessments.records import (
    MaturityAspect,
    ProcessAssessment,
    ProcessAssessmentMeans,
)
from app.kernel.actions.payloads import LONGEST_LIST, BoundedList, FreeText, Payload, Title
from app.kpis.baselines.payloads import BaselineQuestion

BEST_LEVEL = 5
Level = Annotated[int, Field(ge=0, le=BEST_LEVEL, strict=True)]


class OpenProcessAssessment(Payload, of=ProcessAssessment):
    """The process to assess, and the means."""

    title: Title
    process: ProcessName
    means: Annotated[tuple[ProcessAssessmentMeans, ...], BoundedList] = Field(
        min_length=1, max_length=len(ProcessAssessmentMeans)
    )


class MeasureProcessAssessment(Payload):
    """The figures of the assessment: KPIs, each with its period and its cases."""

    measures: Annotated[tuple[BaselineQuestion, ...], BoundedList] = Field(
        min_length=1,
        max_length=LONGEST_LIST,
        description="Figures, which replace the earlier ones; each has a name of its own.",
    )


class ConcludeProcessAssessment(Payload, of=ProcessAssessment):
    """The result of the assessment."""

    maturity: dict[MaturityAspect, Level] = Field(max_length=len(MaturityAspect))
    pains: FreeText
    needs: FreeText
