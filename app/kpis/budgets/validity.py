"""Which budget holds when: what was said later of a time counts."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from app.db import Connection
from app.kpis import effective_dating
from app.kpis.effective_dating import Fields
from app.kpis.question import Budgets


async def budgets(connection: Connection, key: str, currency: str, position: int) -> Budgets:
    """What a case may cost in the mean by the budgets of that KPI, up to that position of the log.

    What is in another currency, or comes to nothing, is no budget, and leaves none in its time.
    """

    def hundredths(fields: Fields) -> int | None:
        amount = fields.get("amount")
        if amount is None or fields.get("currency") != currency:
            return None
        return int((100 * Decimal(amount)).quantize(Decimal(1), ROUND_HALF_UP)) or None

    said = await effective_dating.load_layers(connection, "kpi_budget", [key], hundredths, position)
    changes = effective_dating.changes(said.get(key, ()))
    return Budgets(tuple(begin for begin, _ in changes), tuple(amount for _, amount in changes))
