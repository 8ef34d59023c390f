"""Counting of a scorecard: the KPIs of its edition in the quarter, the means of its ratings, and points, all
as of one position of the log.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from app.foundation.audit_points.lookups import points_until
from app.foundation.quarters import end_of_quarter, start_of_quarter
from app.governance.scorecards.lookups import ratings_for
from app.governance.scorecards.marks import FEWEST_PEERS, rounded
from app.governance.scorecards.payloads import CountedFigure, PublishScorecard
from app.governance.scorecards.records import (
    RaterPart,
    Scorecard,
    ScorecardDimension,
    ScorecardEdition,
    ScorecardRating,
)
from app.kernel.access.reads import load
from app.kernel.ledger import Ledger
from app.kpis.answers.answer import facts_position, snapshot_connection
from app.kpis.baselines.freezing import count_kpi
from app.kpis.catalogue import KPIS
from app.kpis.declaration.dimensions import narrowing_dimension
from app.kpis.questions.periods import Grain
from app.kpis.questions.question import CannotAnswer, KpiQuestion
from app.platform.db import Connection


async def publication_of(ledger: Ledger, card: Scorecard, now: datetime) -> PublishScorecard:
    """Return what is to be published of the card, by the facts as they stand. Raises DatabaseGone."""
    loaded = await load(ledger.db, ledger.lifecycles[ScorecardEdition.KIND], str(card.edition_id))
    assert loaded is not None, "no edition is ever taken out of the log"
    edition: ScorecardEdition = loaded.record
    async with snapshot_connection(ledger.db) as connection:
        position, _ = await facts_position(connection)
        figures = [
            figure
            for measure in edition.measures or ()
            if (figure := await _counted(ledger, connection, card, measure, edition, now)) is not None
        ]
    figures += rated_figures(await ratings_for(ledger.db.rows, card.id))
    points = None if card.person_id is None else await _points(ledger, card, position)
    return PublishScorecard(position=position, points=points, figures=tuple(figures))


def question_of(ledger: Ledger, card: Scorecard, kpi: str, now: datetime) -> KpiQuestion | None:
    """Return the question of that KPI in the card's quarter, of its person or team; None: it cannot be
    narrowed to one.
    """
    declared, zone = KPIS[kpi], ZoneInfo(ledger.settings.time_zone)
    dimension = narrowing_dimension(declared.dimensions, of_person=card.person_id is not None)
    if dimension is None:
        return None
    quarter = str(card.quarter)
    return KpiQuestion(
        kpi=declared,
        grain=Grain.all,
        zone=zone,
        bounds=(start_of_quarter(quarter, zone), end_of_quarter(quarter, zone)),
        filters={dimension: (str(card.person_id or card.team_id),)},
        now=now,
        reopen_days=ledger.settings.reopen_days,
        currency=ledger.settings.currency,
    )


async def _counted(
    ledger: Ledger,
    connection: Connection,
    card: Scorecard,
    measure: dict[str, Any],
    edition: ScorecardEdition,
    now: datetime,
) -> CountedFigure | None:
    """Return the figure of the measure's KPI; None if it has no value, has fewer cases than the edition
    requires, or cannot be asked about the card's person or team.
    """
    question = question_of(ledger, card, measure["kpi"], now)
    if question is None:
        return None
    try:
        counted = await count_kpi(connection, question)
    except CannotAnswer:  # its team is no more
        return None
    assert edition.least_cases is not None
    if counted.value is None or counted.cases < edition.least_cases:
        return None
    return CountedFigure(
        dimension=ScorecardDimension(measure["dimension"]),
        kpi=measure["kpi"],
        reading=counted.value,
        cases=counted.cases,
    )


def rated_figures(ratings: Iterable[ScorecardRating]) -> list[CountedFigure]:
    """Return the mean of the ratings of each part, by dimension. With a single peer there is no mean: it
    would reveal that person's rating.
    """
    by_part: dict[RaterPart, list[ScorecardRating]] = defaultdict(list)
    for rating in ratings:
        assert rating.part is not None
        by_part[rating.part].append(rating)
    return [
        CountedFigure(
            dimension=dimension,
            reading=str(
                rounded(Decimal(sum(getattr(each, dimension.value) for each in marked)) / len(marked))
            ),
            part=part,
            raters=len(marked),
        )
        for dimension in ScorecardDimension
        for part in RaterPart
        if (marked := by_part[part]) and (part is not RaterPart.peer or len(marked) >= FEWEST_PEERS)
    ]


async def _points(ledger: Ledger, card: Scorecard, position: int) -> int:
    zone, quarter = ZoneInfo(ledger.settings.time_zone), str(card.quarter)
    begin, end = start_of_quarter(quarter, zone), end_of_quarter(quarter, zone)
    assert card.person_id is not None
    entries = await points_until(ledger.db.rows, card.person_id, begin, end, position)
    return sum(entry.points or 0 for entry in entries)
