"""Actions that are asked of the caller by notices, as far as they are still open to them: signatures, reviews,
acknowledgements. One that somebody has performed, or that the record's state no longer allows, is left out.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from app.api.shapes import is_offered
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
    NoticeType.to_accept: ("record_acceptance", "accept_handover"),
    NoticeType.to_kick_off: ("kick_off",),
    NoticeType.risk_lapsed: ("accept_risk",),
}
