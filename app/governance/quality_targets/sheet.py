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
from app.foundation.documents.signing import SigningAct, act_lines, newest_act
from app.foundation.people.records import Team
from app.governance.quality_targets.lookups import targets_on_sheet
from app.governance.quality_targets.records import QualityTarget, QualityTargetState
from app.html.templates import render
from app.html.wording import Wording
from app.kernel.access.reads import load
from app.kernel.ledger import Ledger
from app.kpis.catalogue import KPIS
from app.kpis.questions.chart_words import ChartWords
from app.log.read import stream_events

ACCEPTED = "quality_target.accepted"
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
            *await _acceptor_lines(ledger, target, targets),
        ],
        zone=zone,
    )
    return PrintedPage(title, body, f"{title} · {target.number}")


async def _acceptor_lines(
    ledger: Ledger, target: QualityTarget, targets: Sequence[QualityTarget]
) -> list[SignatureLine]:
    """Return a line for each person who accepted the targets, if all of them are accepted. Somebody else may
    accept for the responsible person, who then has an empty line.
    """
    awaited = {"target_owner": target.answerable_id}
    if any(each.state is not QualityTargetState.accepted for each in targets):
        return await act_lines(ledger, {"target_owner": None}, awaited)
    acts: dict[str, SigningAct | None] = {"target_owner": None}
    for each in targets:
        act = newest_act(await stream_events(ledger.db, each.row_key), ACCEPTED)
        if act is not None:
            role = "target_owner" if act.person_id == target.answerable_id else "target_accepted_for"
            earlier = acts.get(role)
            acts[role] = act if earlier is None or earlier.recorded_at < act.recorded_at else earlier
    return await act_lines(ledger, acts, awaited)


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
