"""Reads for the page that an audit prints as: self-check, draws, and the findings that its reader sees."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from app.api.listings.child_listings import ChildListing, render_rows
from app.api.listings.filters import WhereClause
from app.api.records.shapes import Renderer
from app.common.records import from_row
from app.foundation.documents.pages import SignatureLine
from app.foundation.documents.signing import SigningAct, act_lines, newest_act
from app.foundation.process_names import process_in_words
from app.governance.audits.lookups import CHILDREN, FINDINGS, NUMBERS
from app.governance.audits.queries import CHILD_LISTINGS
from app.governance.audits.records import Audit, IrregularityRule
from app.governance.audits.report_page import PrintedAudit, PrintedDraw
from app.kernel.access.reads import VersionedRecord
from app.kernel.access.visibility import seen_condition
from app.kernel.ledger import Ledger
from app.log.events import Recorded, id_of, kind_of
from app.log.read import stream_events

FINDING = "finding"
#: The act by which each role signs, by the code of its line.
SIGNED_BY = {
    "process_supervisor": ("audit.self_checked", "audit.self_check_corrected"),
    "process_administrator": ("audit.summary_confirmed",),
    "team_head": ("audit.countersigned",),
    "quality_manager": ("audit.concluded",),
}
#: The lines of people who signed instead of the person who was named for it.
SIGNED_INSTEAD = {"process_supervisor": "self_check_author", "team_head": "department_head"}
#: So many rows of each table are printed.
MOST_ROWS = 500


async def printed_audit(renderer: Renderer, loaded: VersionedRecord[Audit]) -> PrintedAudit:
    """Return what the page of the audit shows to the renderer's caller."""
    audit, ledger = loaded.record, renderer.ledger
    entries, draws, irregularities = [await _rows(renderer, audit, listing) for listing in CHILD_LISTINGS]
    printed_draws = await _draws(renderer, audit, draws, irregularities)
    events = await stream_events(ledger.db, audit.row_key)
    renderer.is_past = True  # a page offers no actions
    answer = await renderer.render_one(audit, loaded.audience)
    return PrintedAudit(
        record=audit,
        audit=answer,
        entries=entries,
        draws=printed_draws,
        findings=await _findings(renderer, audit),
        process=process_in_words(ledger.lifecycles, audit.process, renderer.language) or "",
        zone=ZoneInfo(ledger.settings.time_zone),
        signatures=await _signatures(ledger, audit, events),
    )


async def _signatures(ledger: Ledger, audit: Audit, events: Sequence[Recorded]) -> list[SignatureLine]:
    """Return the lines on which the audit is signed. Somebody who signed instead of the holder of a post has
    a line for what they really are.
    """
    named = {"process_supervisor": audit.supervisor_id, "team_head": audit.head_id}
    acts: dict[str, SigningAct | None] = {}
    for role, event_types in SIGNED_BY.items():
        act, holder = newest_act(events, *event_types), named.get(role)
        is_instead = act is not None and holder is not None and act.person_id != holder
        acts[SIGNED_INSTEAD.get(role, role) if is_instead else role] = act
    return await act_lines(ledger, acts, named)


async def _rows(renderer: Renderer, audit: Audit, listing: ChildListing) -> list[dict[str, Any]]:
    query = CHILDREN.format(kind=listing.row.KIND, by=listing.by, most=MOST_ROWS)
    rows = await renderer.ledger.db.rows(query, (audit.row_key,))
    return await render_rows(renderer, audit, listing, rows)


async def _draws(
    renderer: Renderer, audit: Audit, draws: list[dict[str, Any]], irregularities: list[dict[str, Any]]
) -> list[PrintedDraw]:
    """Return the draws, with the numbers of the cases, and those that each rule has found of the last one."""
    names = {case for draw in draws for case in draw["drawn"]} | {row["about"] for row in irregularities}
    numbers = await _numbers(renderer, names)
    printed = []
    for draw in draws:
        listed = [row for row in irregularities if str(row["draw_id"]) == str(draw["id"])]
        cases: dict[tuple[IrregularityRule, str | None], dict[str, None]] = {}
        for row in listed:
            place = IrregularityRule(row["rule"]), row["step"]
            cases.setdefault(place, {})[numbers.get(row["about"], row["about"])] = None
        printed.append(
            PrintedDraw(
                draw=draw,
                cases=[numbers.get(case, case) for case in draw["drawn"]],
                irregular={place: list(numbered) for place, numbered in cases.items()},
            )
        )
    return printed


async def _numbers(renderer: Renderer, names: set[str]) -> dict[str, str]:
    """Return the numbers of the cases by their streams."""
    numbers = {}
    for kind in Counter(map(kind_of, names)):
        ids = [id_of(name) for name in names if kind_of(name) == kind]
        for row in await renderer.ledger.db.rows(NUMBERS.format(kind=kind), (ids,)):
            numbers[f"{kind}/{row['id']}"] = row["number"]
    return numbers


async def _findings(renderer: Renderer, audit: Audit) -> list[Any]:
    """Return the findings of the audit that the caller may see."""
    ledger, where = renderer.ledger, WhereClause()
    lifecycle = ledger.lifecycles[FINDING]
    condition = seen_condition(
        renderer.caller,
        lifecycle,
        f"'{FINDING}/' || r.id",
        where.bind,
        agents_see=ledger.settings.agents_see,
    )
    query = FINDINGS.format(audit=where.bind(audit.id), seen=condition, most=MOST_ROWS)
    return [from_row(lifecycle.record, row) for row in await ledger.db.rows(query, where.parameters)]
