"""The application for a process change as a page to print and sign (process standardisation, 2.3.2)."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from app.api.records.shapes import Renderer
from app.foundation.documents.decided import approval_lines, load_decisions
from app.foundation.documents.pages import PrintedPage
from app.foundation.documents.printing import decrypt
from app.foundation.documents.signing import act_lines, newest_act
from app.foundation.process_names import process_in_words
from app.governance.process_changes.lookups import NAMES_OF_TEAMS
from app.governance.process_changes.records import ProcessChange
from app.html.templates import render
from app.html.wording import Wording
from app.kernel.access.reads import ReadContext
from app.kernel.named_records import visible_streams
from app.log.read import stream_events

APPLIED, REVIEWED = "process_change.applied", "process_change.reviewed"
TEMPLATE, TABLE = "governance/process_changes/application.html", "process_change_page"


async def print_application(renderer: Renderer, change: ProcessChange) -> PrintedPage:
    """Return the application with its texts, its review and the votes of the heads, and with lines for the
    applicant, the reviewer and each head who has approved it.
    """
    ledger, wording = renderer.ledger, Wording(renderer.language, TABLE)
    events = await stream_events(ledger.db, change.row_key)
    decisions = await load_decisions(ledger, change.row_key, events, events)
    teams = await ledger.db.rows(NAMES_OF_TEAMS, (change.team_ids,))
    texts = (change.description, change.reason, change.no_origin_reason, change.opinion)
    words = await decrypt(ledger, texts, [change.process_owner_id])
    acts = {"applicant": newest_act(events, APPLIED), "reviewer": newest_act(events, REVIEWED)}
    title = wording.sentence("title", title=change.title)
    body = render(
        TEMPLATE,
        wording,
        change=change,
        process=process_in_words(ledger.lifecycles, change.process, renderer.language),
        teams=[team["name"] for team in teams],
        owner=words.name(change.process_owner_id),
        description=words.text(change.description),
        reason=words.text(change.reason),
        origin=await _visible_origin(renderer, change),
        no_origin_reason=words.text(change.no_origin_reason),
        opinion=words.text(change.opinion),
        decisions=decisions,
        signatures=[*await act_lines(ledger, acts), *approval_lines(decisions, "team_head")],
        zone=ZoneInfo(ledger.settings.time_zone),
    )
    return PrintedPage(title, body, f"{change.number} · {title}")


async def _visible_origin(renderer: Renderer, change: ProcessChange) -> str | None:
    """Return the number of the record that led to the change, if the reader may see that record."""
    ledger, origin = renderer.ledger, change.origin
    if origin is None or origin not in await visible_streams(ledger, renderer.caller, [origin]):
        return None
    loaded = await ReadContext(ledger.db, ledger.lifecycles, ledger.directory).any_record(origin)
    return None if loaded is None else loaded.record.display_name
