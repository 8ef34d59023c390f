"""What `/metrics` says of what goes out and comes in."""

from __future__ import annotations

from datetime import UTC, datetime

from prometheus_client import CollectorRegistry

from app.api.service.integration_gauges import IntegrationGauges
from tests.subscriptions.receivers import answer
from tests.subscriptions.stages import Stage
from tests.webhooks.orders import an_issue, store
from tests.webhooks.tools import a_source, process_all


async def figures(stage: Stage) -> dict[str, float]:
    """The figures that are not 0, but those of seals."""
    gauges = IntegrationGauges(CollectorRegistry())
    figures = await gauges.measure(stage.api.ledger.db, datetime.now(UTC))
    return {name: float(figure) for name, figure in figures.items() if figure and name != "seal_seconds"}


async def test_a_subscription_that_is_behind_or_fails_is_counted(stage: Stage) -> None:
    subscription = await stage.subscribe()
    assert await figures(stage) == {}
    await stage.send()
    await stage.incident()
    assert (await figures(stage))["events_behind"] >= 1
    stage.receiver.answers = lambda request: answer(500)
    await stage.send()
    assert await figures(stage) == {"failing": 1, "streams_waiting": 1}
    await stage.admin.post_ok(f"/v1/subscriptions/{subscription['id']}/disable")
    assert (await figures(stage))["disabled"] == 1


async def test_deliveries_are_counted_while_they_wait_and_when_they_have_failed(stage: Stage) -> None:
    tool = await a_source(stage.api, stage.admin, "github", key="shop")
    await store(stage.api.ledger, tool.source["id"], "d-1", an_issue(80_000, 0, "opened"))
    waiting = await figures(stage)
    assert waiting.keys() == {"deliveries", "delivery_seconds"}
    assert waiting["deliveries"] == 1
    await stage.api.ledger.db.rows("update plumbing.webhook_delivery set sealed = null returning id")
    await process_all(stage.api.ledger, lambda: datetime.now(UTC))
    assert await figures(stage) == {"failed_deliveries": 1}
