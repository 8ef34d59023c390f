"""Alerts: whoever has what a sentence is about is told once when it comes true, and once when it is over."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.attention.alerts.codes import ALERTED, ANSWERING, NOT_ALERTED
from app.attention.conditions import Severity
from app.automation.programme.raise_attention_alerts import raise_alerts
from app.common.people import Role
from app.kernel.ledger import Ledger
from app.log.follow import FOLLOW_LIMITS
from app.platform.db import Connection, connect
from tests.attention.reading import read_attention
from tests.attention.true_conditions import AVAILABILITY, MADE_TRUE, RESOLUTION, Scene, TrueCondition, major_incident
from tests.automation.worker import Worker
from tests.client import RESOLVED, Api, Client, Json, an_incident
from tests.conftest import DatabaseUrls

ALERTS = "/v1/attention_alerts"
STATEMENT = {"commander": "me", "statement": "We work on it."}
#: Severities 1 to 4 of the sentences.
TOLD = {Severity.now, Severity.missed, Severity.changed, Severity.stuck}


@pytest.fixture
def scene(api: Api, follower: Connection, place: DatabaseUrls) -> Scene:
    return Scene(api, follower, place.owner_url)


async def notices_of(scene: Scene, client: Client, now: datetime | None = None) -> list[str]:
    """The texts of what the client was told of alerts, in English, in order."""
    worker, now = Worker(scene.ledger), now or datetime.now(UTC)
    await worker.work(now)
    await worker.work(now + timedelta(seconds=61))
    notices = (await client.read("/v1/notices", limit="100"))["items"]
    told = [notice for notice in notices if notice["about"]["kind"] == "attention_alert"]
    return [notice["text"].splitlines()[0] for notice in sorted(told, key=lambda notice: notice["sent_at"])]


async def a_round(scene: Scene, now: datetime | None = None) -> None:
    assert await raise_alerts(scene.follower, scene.ledger, now or datetime.now(UTC))


def test_every_code_is_told_or_says_why_not() -> None:
    assert not ALERTED.keys() & NOT_ALERTED.keys()
    untold = MADE_TRUE.keys() - ALERTED.keys() - NOT_ALERTED.keys()
    assert untold == {
        *("figures_differ", "not_reconciled"),
        *("decisions_wait", "tasks_wait", "complaints_wait", "actions_wait"),
        *("effect_confirmed", "kpi_better"),
    }


@pytest.mark.parametrize("code", ALERTED)
async def test_every_code_is_raised_by_its_condition_and_ended(scene: Scene, code: str) -> None:
    condition = await MADE_TRUE[code](scene)
    await a_round(scene, condition.now)
    auditor = await scene.api.client("Otto", Role.auditor)
    await a_round(scene, condition.now)
    (alert,) = [each for each in await auditor.pages(ALERTS) if each["code"] == code]
    assert alert["state"] == "raised"
    assert alert["key"].startswith(f"{code}:") or alert["key"] == code
    assert alert["title_en"] != alert["title_zh"]
    await condition.undo()
    await a_round(scene, condition.now)
    await a_round(scene, condition.now)
    (ended,) = [each for each in await auditor.pages(ALERTS) if each["code"] == code]
    assert (ended["id"], ended["state"]) == (alert["id"], "ended")
