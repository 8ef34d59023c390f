"""The certificate of an award, as a page to print and sign."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from app.api.records.shapes import Renderer
from app.common.people import Role
from app.foundation.documents.pages import PrintedPage, SignatureLine
from app.foundation.documents.printing import decrypt
from app.foundation.documents.signing import post_lines
from app.foundation.people.records import Team
from app.governance.recognitions.records import Recognition, RecognitionForm
from app.html.filters import day
from app.html.templates import render
from app.html.wording import Wording
from app.kernel.access.reads import load
from app.kernel.ledger import Ledger

SCORECARD = "scorecard"
TEMPLATE, TABLE = "governance/recognitions/certificate.html", "certificate"


async def print_certificate(renderer: Renderer, award: Recognition) -> PrintedPage:
    """Return the certificate: who receives it, for which merit and result, and who gave it and when."""
    ledger, wording = renderer.ledger, Wording(renderer.language, TABLE)
    zone = ZoneInfo(ledger.settings.time_zone)
    words = await decrypt(ledger, [award.reason], [award.person_id, award.given_by_id])
    team = await _record_field(ledger, Team.KIND, award.team_id, "name")
    recipient = words.name(award.person_id) if team is None else team
    # Nobody signs their own award, or twice.
    second = await post_lines(ledger, [Role.management], except_for=(award.person_id, award.given_by_id))
    assert award.kind is not None
    title = wording.label(award.form or RecognitionForm.praise)
    body = render(
        TEMPLATE,
        wording,
        recipient=recipient or wording.sentence("erased"),
        merit=wording.label(award.kind),
        reason=words.text(award.reason) or "",
        facts=[
            ("result", await _record_field(ledger, SCORECARD, award.scorecard_id, "quarter")),
            ("given_on", day(award.given_at, zone)),
        ],
        signatures=[
            SignatureLine("given_by", words.name(award.given_by_id), award.given_at),
            *(line for line in second if line.name is not None),
        ],
        zone=zone,
    )
    return PrintedPage(title, body, f"{title} · {award.number}")


async def _record_field(ledger: Ledger, kind: str, record_id: object, name: str) -> str | None:
    if record_id is None:
        return None
    loaded = await load(ledger.db, ledger.lifecycles[kind], str(record_id))
    value: str | None = None if loaded is None else getattr(loaded.record, name)
    return value
