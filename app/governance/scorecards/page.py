"""A scorecard as a page that prints on A4: HTML without scripts, in English or Chinese."""

from __future__ import annotations

from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from app.common.people import Person
from app.foundation.documents.pages import SignatureLine
from app.foundation.documents.printing import decrypt
from app.foundation.people.records import Team
from app.governance.scorecards.lookups import figures_of
from app.governance.scorecards.records import (
    Scorecard,
    ScorecardDimension,
    ScorecardEdition,
    ScorecardFigure,
)
from app.html.templates import render
from app.html.wording import Wording
from app.kernel.access.reads import load
from app.kernel.ledger import Ledger
from app.kpis.catalogue import KPIS
from app.kpis.questions.chart_words import ChartWords

TEMPLATE, TABLE = "governance/scorecards/page.html", "scorecard_page"
#: The texts of the card that are personal.
TEXTS = ("objection", "verdict_reason", "agreed", "year_grounds", "year_plan")


async def page_of(ledger: Ledger, card: Scorecard, language: str) -> str:
    """Return the page of the card. Raises DatabaseGone."""
    edition: ScorecardEdition = (await _record(ledger, ScorecardEdition.KIND, card.edition_id)).record
    figures = await figures_of(ledger.db.rows, card)
    wording = Wording(language, TABLE)
    names = await decrypt(ledger, [], [card.concerned_id, card.superior_id, card.settled_by_id])
    ciphertexts = [text for name in TEXTS if (text := getattr(card, name)) is not None]
    texts = await ledger.vault.texts(ciphertexts) if ciphertexts else {}
    return render(
        TEMPLATE,
        wording,
        title=wording.sentence("title", number=card.number, quarter=card.quarter),
        card=card,
        subject=await _subject(ledger, card),
        edition=edition.number,
        zone=ZoneInfo(ledger.settings.time_zone),
        dimensions=[
            (dimension, getattr(edition, dimension.value), getattr(card, dimension.value))
            for dimension in ScorecardDimension
        ],
        recorded_by=names.name(card.settled_by_id),
        figures=[_row(ledger, figure, wording) for figure in figures],
        signatures=[
            SignatureLine(
                "person_concerned",
                names.name(card.concerned_id),
                card.year_confirmed_at or card.outcome_confirmed_at,
            ),
            SignatureLine("superior", names.name(card.superior_id)),
        ],
        texts={name: texts.get(getattr(card, name) or "") for name in TEXTS},
    )


def _row(ledger: Ledger, figure: ScorecardFigure, wording: Wording) -> dict[str, Any]:
    """Return the cells of a figure: what was counted or rated, and how it counts."""
    assert figure.dimension is not None
    if figure.kpi is None:
        assert figure.part is not None
        name, number, reading = wording.label(figure.part), figure.raters, figure.reading
    else:
        kpi, settings = KPIS[figure.kpi], ledger.settings
        words = ChartWords(wording.language, kpi.unit, ZoneInfo(settings.time_zone), settings.currency)
        name, number = kpi.texts(wording.language).name, figure.cases
        reading = None if figure.reading is None else words.value(float(figure.reading))
    return {
        "dimension": wording.label(figure.dimension),
        "name": name,
        "reading": reading,
        "of": number,
        "mark": figure.mark,
        "counts": wording.sentence("counts" if figure.counts else "beside"),
    }


async def _subject(ledger: Ledger, card: Scorecard) -> str:
    """Return the name of the person or the team."""
    if card.team_id is not None:
        return str((await _record(ledger, Team.KIND, card.team_id)).record.name)
    person: Person = (await _record(ledger, Person.KIND, card.person_id)).record
    assert person.name is not None
    return (await ledger.vault.texts([person.name])).get(person.name) or card.number


async def _record(ledger: Ledger, kind: str, record_id: UUID | None) -> Any:
    loaded = await load(ledger.db, ledger.lifecycles[kind], str(record_id))
    assert loaded is not None, "no record is ever taken out of the log"
    return loaded
