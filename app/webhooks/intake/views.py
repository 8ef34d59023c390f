"""Deliveries as clients see them."""

from __future__ import annotations

from typing import Any

from app.i18n import sentences, translate
from app.kernel.ledger import Ledger
from app.platform.db import Row
from app.webhooks.intake.deliveries import content_of

_SHOWN = (
    "id",
    "delivery_key",
    "received_at",
    "heard",
    "last_heard_at",
    "size",
    "content_hash",
    "has_content",
    "state",
    "attempts",
    "processed_at",
    "code",
    "mapping_key",
    "effects",
)


def delivery_shown(row: Row, language: str) -> dict[str, Any]:
    """Return a delivery without its content."""
    answer = {name: row[name] for name in _SHOWN}
    if answer["effects"] is not None:
        answer["effects"] = [_effect_shown(effect) for effect in answer["effects"]]
    # Of what was ignored, the code is its kind in the tool. A test can fail, and is processed all the same.
    code = row["code"] if row["state"] in ("failed", "processed") else None
    answer["reason"] = None if code is None else reason_of(code, language)
    return answer


def _effect_shown(effect: dict[str, Any]) -> dict[str, Any]:
    """Return an effect as clients see it. Effects from before fields were marked have no marks."""
    return {"altered": {}, **{name: value for name, value in effect.items() if name != "thread"}}


def reason_of(code: str, language: str) -> str:
    """Return the sentence that explains a failure; for a refusal, its title."""
    if code in FAILURES:
        return translate(language, "webhook_failure", code)
    return sentences(language)["title"].get(code, code)


def content_shown(ledger: Ledger, row: Row, language: str) -> dict[str, Any]:
    """Return a delivery with its headers and body, as far as they are there."""
    raw = content_of(ledger, row["sealed"])
    answer = delivery_shown(row, language)
    answer["headers"] = None if raw is None else dict(raw.headers)
    answer["body"] = None if raw is None else raw.body.decode("utf-8", "replace")
    return answer


FAILURES = frozenset(
    {
        "unfit_value",
        "unmapped",
        "too_large",
        "too_deep",
        "no_json",
        "items_left_out",
        "untold",
        "wrong_type",
        "not_a_time",
        "unknown_status",
        "too_much",
        "expression_failed",
        "in_the_future",
        "unknown_ticket",
        "content_removed",
        "unconfirmed",
        "no_service",
        "others_keep_changing_it",
        "automatic_mail",
        "own_mail",
        "too_many_mails",
        "unknown_sender",
        "deactivated_sender",
        "mail_too_large",
        "no_sender",
        "no_mail",
        "too_many_parts",
        "too_slow",
    }
)
