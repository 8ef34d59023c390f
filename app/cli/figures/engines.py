"""`ledgerdesk kpi --engine spark`: a KPI whose facts another engine counts."""

from __future__ import annotations

from contextlib import closing
from datetime import datetime
from typing import Annotated

import typer

from app.kpis.answers.answer import KpiAnswer, answer
from app.kpis.column_exports.exporting import FactsExportRefused
from app.kpis.column_exports.spark import SparkFacts
from app.kpis.columns.mirror import answering_by
from app.kpis.columns.relations import has_cells
from app.kpis.questions.question import KpiQuestion
from app.platform.db import Database

SPARK = "spark"
EngineOption = Annotated[
    str | None,
    typer.Option(help="Engine that computes the figures: spark, from exported facts. Default: PostgreSQL."),
]
FactsOption = Annotated[
    str | None,
    typer.Option(metavar="URI", help="Folder or address of the exported facts, with --engine."),
]


def check_engine(engine: str | None, facts: str | None, *, other: bool) -> None:
    """Raise BadParameter unless the options of the engine fit together; `other`: with what it cannot do."""
    if engine not in {None, SPARK}:
        raise typer.BadParameter(f"there is no engine {engine!r}; possible is {SPARK}", param_hint="--engine")
    if (engine is None) != (facts is None):
        raise typer.BadParameter("use --engine and --facts together", param_hint="--engine")
    if engine is not None and other:
        raise typer.BadParameter("the engine reads only exported facts", param_hint="--engine")


async def answer_by_spark(db: Database, question: KpiQuestion, now: datetime, facts: str) -> KpiAnswer:
    """Return the answer as of the export at the address: cases are counted by Spark. Raises BadParameter."""
    if not has_cells(question.kpi):
        raise typer.BadParameter(
            f"{question.kpi.key} cannot be computed by this engine", param_hint="--engine"
        )
    try:
        exported = SparkFacts(facts)
    except FactsExportRefused as error:
        raise typer.BadParameter(str(error), param_hint="--facts") from error
    with closing(exported), answering_by(exported):
        counted = await answer(db, question, now)
    return counted.model_copy(update={"position": exported.generation().manifest.position})
