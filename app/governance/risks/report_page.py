"""The report on risks as a page that prints on A4: HTML without scripts, in English or Chinese (pure)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from zoneinfo import ZoneInfo

from app.foundation.documents.pages import SignatureLine
from app.governance.risks.heat_map import TABLE, draw
from app.governance.risks.report import RiskReport
from app.governance.risks.scale import Scale
from app.html.filters import day
from app.html.templates import render
from app.html.wording import Wording

TEMPLATE = "governance/risks/report.html"


def page_of(
    report: RiskReport, scale: Scale, signatures: Sequence[SignatureLine], zone: ZoneInfo, language: str
) -> str:
    """Return the page of the report; its period ends on the day before `until_at`."""
    wording = Wording(language, TABLE)
    last = report.until_at - timedelta(microseconds=1)
    return render(
        TEMPLATE,
        wording,
        title=wording.sentence("title"),
        report=report,
        # Counts are as of the first instant after the day.
        instant_before=timedelta.resolution,
        signatures=signatures,
        period=(day(report.from_at, zone), day(last, zone)),
        zone=zone,
        heat_map=draw(report.cells, scale, language),
    )
