"""The sheet of responsibility for quality: all targets that one person answers for in a year, as a page to
print and sign.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from app.api.records.shapes import Renderer
from app.foundation.documents.pages import PrintedPage, SignatureLine
from app.foundation.documents.printing import decrypt
from app.foundation.people.records import Team
from app.governance.quality_targets.lookups import targets_on_sheet
from app.governance.quality_targets.records import QualityTarget, QualityTargetState
from app.html.templates import render
from app.html.wording import Wording
from app.kernel.access.reads import load
from app.kpis.catalogue import KPIS
from app.kpis.questions.chart_words import ChartWords

TEMPLATE, TABLE = "governance/quality_targets/sheet.html", "quality_sheet"


@dataclass(frozen=True, slots=True)
class SheetTarget:
    """A target on the sheet, in words."""

    number: str
    kpi: str
    definition: str
    goal: str
    state: str


async def print_sheet(renderer: Renderer, target: QualityTarget) -> PrintedPage:
    """Return the sheet with the target, and with signature lines of the people who set and accept its
    targets.
    """
    ledger, wording = renderer.ledger, Wording(renderer.language, TABLE)
    zone = ZoneInfo(ledger.settings.time_zone)
    targets = await targets_on_sheet(ledger.db.rows, target) or [target]
    setters = dict.fromkeys(each.setter_id for each in targets if each.setter_id is not None)
    words = await decrypt(ledger, [], [*setters, target.answerable_id, target.person_id])
    accepted = [each.accepted_at for each in targets if each.state is QualityTargetState.accepted]
    all_accepted = max(filter(None, accepted), default=None) if len(accepted) == len(targets) else None
    team = None
    if target.team_id is not None:
        loaded = await load(ledger.db, ledger.lifecycles[Team.KIND], str(target.team_id))
        team = None if loaded is None else loaded.record.name
    title = wording.sentence("title", year=target.year)
    assert target.level is not None
    body = render(
        TEMPLATE,
        wording,
        facts=[
            ("year", str(target.year)),
            ("applies_to", team or words.name(target.person_id) or wording.label(target.level)),
            ("answerable", words.name(target.answerable_id)),
        ],
        targets=[_in_words(each, zone, ledger.settings.currency, wording) for each in targets],
        signatures=[
            *(
                SignatureLine("target_setter", words.name(setter), _set_at(targets, setter))
                for setter in setters
            ),
            SignatureLine("target_owner", words.name(target.answerable_id), all_accepted),
        ],
        zone=zone,
    )
    return PrintedPage(title, body, f"{title} · {target.number}")


def _set_at(targets: Sequence[QualityTarget], setter: UUID) -> datetime | None:
    """Return when the person last set one of the targets."""
    return max((each.set_at for each in targets if each.setter_id == setter and each.set_at), default=None)


def _in_words(target: QualityTarget, zone: ZoneInfo, currency: str, wording: Wording) -> SheetTarget:
    kpi = KPIS[str(target.kpi)]
    texts, words = kpi.texts(wording.language), ChartWords(wording.language, kpi.unit, zone, currency)
    assert target.comparator is not None
    assert target.state is not None
    goal = f"{wording.label(target.comparator)} {words.value(float(str(target.value)))}"
    return SheetTarget(target.number, texts.name, texts.definition, goal, wording.label(target.state))
