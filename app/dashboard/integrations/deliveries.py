"""Deliveries as pages show them: their state, why, and what they led to, in words (pure)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from app.common.records import ALTERED
from app.dashboard.opening import DashboardPage
from app.html.wording import Wording
from app.i18n import sentences

TABLE = "integrations"
#: The states of deliveries, by which they are listed.
STATES = ("waiting", "processed", "ignored", "failed")


@dataclass(frozen=True, slots=True)
class OutcomeLine:
    """Result of a part of a delivery: its outcome in words, the ticket with its page, if there is one, and
    the alterations on the way in (empty if it is unaltered).
    """

    outcome: str
    number: str | None
    address: str | None
    altered: Markup


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """A delivery: its state in words, why it failed or was ignored (nothing: neither), what it led to, and
    whether the list offers to replay it.
    """

    delivery: Mapping[str, Any]
    state: str
    reason: str
    effects: Sequence[OutcomeLine]
    is_replayed: bool


def delivery_row(page: DashboardPage, delivery: Mapping[str, Any]) -> DeliveryRow:
    """Return a delivery as the API gives it, in words."""
    return DeliveryRow(
        delivery=delivery,
        state=code_label(page, "DeliveryState", delivery["state"]),
        reason=delivery["reason"] or delivery["code"] or "",
        effects=[_effect_line(page, effect) for effect in delivery["effects"]],
        is_replayed=delivery["state"] == "failed" and delivery["has_content"],
    )


def integration_sentence(page: DashboardPage, code: str, **words: object) -> str:
    """Return the sentence of that code of the pages of integrations."""
    return Wording(page.language, TABLE).sentence(code, **words)


def code_label(page: DashboardPage, codes: str, code: str) -> str:
    """Return the label of a code, which is one of the contract's codes of that name."""
    return page.desk.display.html(code, {"$ref": f"#/components/schemas/{codes}"})


def readable_body(body: str | None) -> str | None:
    """Return JSON with its lines, whatever else as it is."""
    if body is None:
        return None
    try:
        return json.dumps(json.loads(body), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return body


def _effect_line(page: DashboardPage, effect: Mapping[str, Any]) -> OutcomeLine:
    code, number = f"outcome_{effect['outcome']}", effect["number"]
    if code in sentences(page.language)[TABLE]:
        outcome = integration_sentence(page, code)
    else:
        outcome = code_label(page, "AlertOutcome", effect["outcome"])
    kind = (effect["record"] or "").partition("/")[0]
    has_page = number is not None and kind in page.desk.lifecycles
    altered = page.desk.display.html(effect["altered"] or None, {}, ALTERED)
    return OutcomeLine(outcome, number, f"/desk/{kind}/{number}" if has_page else None, altered)
