"""The budget that is in force at an instant: of several for the same time, the one set last."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from app.kpis.questions import effective_dating
from app.kpis.questions.effective_dating import Fields
from app.kpis.questions.question import Budgets
from app.platform.db import Connection


async def budgets(connection: Connection, key: str, currency: str, position: int) -> Budgets:
    """Return the budgets of this KPI in force over time, as of the log position.

    A budget in another currency, or one that rounds to 0, does not count for its time.
    """

    def hundredths(fields: Fields) -> int | None:
        amount = fields.get("amount")
        if amount is None or fields.get("currency") != currency:
            return None
        return int((100 * Decimal(amount)).quantize(Decimal(1), ROUND_HALF_UP)) or None

    budget_layers = await effective_dating.load_layers(connection, "kpi_budget", [key], hundredths, position)
    changes = effective_dating.changes(budget_layers.get(key, ()))
    return Budgets(tuple(begin for begin, _ in changes), tuple(amount for _, amount in changes))
