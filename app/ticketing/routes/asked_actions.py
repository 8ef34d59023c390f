"""Actions that notices ask of the caller, as far as they are still open to them: signatures, reviews and
acknowledgements. One that they have performed since, or that the record no longer allows, is left out.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from app.common.notices import NoticeType
from app.common.people import Caller
from app.kernel.context import CommandMetadata
from app.kernel.ledger import Ledger
from app.kernel.offers import offers
from app.kernel.reads import load
from app.kernel.references import is_visible
from app.log.canonical import instant
from app.log.events import id_of, kind_of

MOST_LISTED = 50
#: The actions that a type of notice asks for, by their names. Votes, tasks and complaints have sections of
#: their own.
ASKED_ACTIONS = {
    NoticeType.to_sign: ("sign",),
    NoticeType.to_acknowledge: ("acknowledge",),
    NoticeType.to_publish: ("publish", "accept_revision"),
    NoticeType.to_review: ("pass_gate",),
    NoticeType.to_review_change: ("review",),
    NoticeType.to_accept: ("record_acceptance", "hand_over"),
    NoticeType.to_kick_off: ("kick_off",),
    NoticeType.risk_lapsed: ("accept_risk",),
}
# Whoever has performed such an action since is not asked any more, though the record may wait for others.
REQUESTED_ACTIONS = f"""
select about, number, step, sent_at from (
  select distinct on (n.about, s.step) n.about, n.number, s.step, n.sent_at, n.id
  from fold.notice n cross join lateral unnest(n.steps, n.versions) as s(step, version)
  where n.person_id = %(me)s and n.steps && %(steps)s::text[] and s.step = any(%(steps)s::text[])
    and not exists (select from log.event e where e.stream = n.about and e.version > s.version
      and e.actor = %(actor)s and e.type = any(%(events)s::text[]))
  order by n.about, s.step, n.id desc
) as asked order by id desc limit {MOST_LISTED}"""


async def asked_actions(ledger: Ledger, caller: Caller, language: str, now: datetime) -> list[dict[str, Any]]:
    """Return the actions that wait for the caller, those asked for last first."""
    names = {name for asked in ASKED_ACTIONS.values() for name in asked}
    events = sorted(
        event
        for lifecycle in ledger.lifecycles.values()
        for row in lifecycle.rows
        if row.name in names
        for event in row.events
    )
    wanted = {
        "me": caller.person_id,
        "actor": caller.actor,
        "steps": [step.value for step in ASKED_ACTIONS],
        "events": events,
    }
    context = CommandMetadata(caller, now, "", "api", language=language)
    found = [
        await _open_action(ledger, context, row) for row in await ledger.db.rows(REQUESTED_ACTIONS, wanted)
    ]
    return [item for item in found if item is not None]


async def _open_action(
    ledger: Ledger, context: CommandMetadata, row: dict[str, Any]
) -> dict[str, Any] | None:
    """Return the action that this notice asks for, if it is open to the caller now."""
    lifecycle = ledger.lifecycles[kind_of(row["about"])]
    loaded = await load(ledger.db, lifecycle, str(id_of(row["about"])))
    if loaded is None or not is_visible(ledger, lifecycle, context.caller, loaded.audience):
        return None
    wanted = ASKED_ACTIONS[NoticeType(row["step"])]
    for offer in await offers(ledger, lifecycle, loaded, context):
        if offer.action.name in wanted and offer.because is None:
            return {
                "kind": lifecycle.kind,
                "record": loaded.record.id,
                "number": row["number"],
                "title": getattr(loaded.record, "title", None),
                "action": offer.action.name,
                "label": offer.action.label(context.language),
                "asked_at": instant(row["sent_at"]),
            }
    return None
