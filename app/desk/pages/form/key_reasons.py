"""Why the reader's key does not do what people must do themselves, and what to do instead."""

from __future__ import annotations

from typing import Any

from app.desk.pages.context import Desk, require_signed_in
from app.i18n import translate
from app.kernel.actions.lifecycle import Action
from app.kernel.actions.refusals import KeyOfAnother, NarrowKey, SupersededSecret
from app.kernel.commands.guards import require_own_secret


def reason_against_key(desk: Desk, action: Action[Any, Any]) -> str | None:
    """Return why the reader's key cannot be used for the action, with the next step; None if it can."""
    if not action.policy.bars_assistants:
        return None
    try:
        require_own_secret(require_signed_in(desk.request))
    except (SupersededSecret, KeyOfAnother) as refusal:
        return _with_next_step(desk, refusal)
    return None


def reason_against_vote(desk: Desk) -> str:
    """Return why the reader cannot vote, judging only by their key."""
    if require_signed_in(desk.request).is_narrowed:
        return _with_next_step(desk, NarrowKey())
    return desk.sentence("not_asked_to_vote")


def _with_next_step(desk: Desk, refusal: SupersededSecret | KeyOfAnother | NarrowKey) -> str:
    return f"{refusal.sentence(desk.language)} {translate(desk.language, 'remedy', refusal.code)}"
