"""Questions asked twice: of PostgreSQL alone, and of an export beside it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from app.kpis.answers.answer import answer
from app.kpis.catalogue import KPIS
from app.kpis.columns.mirror import FactsMirror, answering_from
from app.kpis.questions.question import KpiQuestion, QuestionParameters, parse_question
from app.platform.db import Database

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def asked(key: str, *by: str, grain: str = "month", zone: str = "Europe/Berlin") -> KpiQuestion:
    """The KPI over all the histories."""
    parameters = QuestionParameters(
        grain=grain, begin="2026-01-01", end="2026-07-01", zone=zone, by=list(by), filters={}
    )
    return parse_question(KPIS[key], parameters, now=NOW, organisation_zone="UTC", reopen_days=7)


@contextmanager
def opened(folder: Path) -> Iterator[FactsMirror]:
    """The newest export in the folder, opened; narrow questions go there, too."""
    with answering_from(folder, least_rows=0) as mirror:
        assert mirror is not None
        mirror.open_newest()
        yield mirror


async def unlike(db: Database, folder: Path, questions: list[KpiQuestion]) -> tuple[list[str], FactsMirror]:
    """The KPIs whose answers are not the same with columns beside, and the mirror that was asked."""
    expected = [await answer(db, question, NOW) for question in questions]
    with opened(folder) as mirror:
        differing = [
            question.kpi.key
            for question, alone in zip(questions, expected, strict=True)
            if (await answer(db, question, NOW)).points != alone.points
        ]
    return differing, mirror
