"""The allowed downtime of a month: it stays, and an outage that goes on takes more of it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.attention.reading import AttentionChoice, AttentionReader
from app.attention.rules.outages import budgets_burnt
from app.common.people import Caller, Role, RoleGrant
from app.kpis.questions.question import zone_named
from app.log.canonical import instant
from app.platform.db import Connection
from tests.attention.true_conditions import AVAILABILITY, Scene
from tests.client import Api, an_incident

JUDGED_THEN = "update plumbing.judged_period set judged_at = %(at)s returning kpi"

AGREED, LOST = timedelta(days=2), timedelta(hours=9)


@pytest.mark.parametrize("is_down", [True, False])
async def test_what_is_allowed_stays_and_an_outage_that_goes_on_takes_more(
    api: Api, follower: Connection, *, is_down: bool
) -> None:
    scene = Scene(api, follower, "")
    keeper, begin = await scene.live_service(), scene.month(running=False)
    if is_down:
        began = instant(begin + timedelta(hours=1))
        await keeper.post_ok("/v1/incidents", an_incident(service="mail", effect="down", began_at=began))
    figures = {"value": 1 - LOST / AGREED, "comparator": "ge", "target": 0.99}
    seconds = int(AGREED.total_seconds())
    await scene.judged(AVAILABILITY, running=False, service="mail", seconds=seconds, **figures)
    judged_at = begin + AGREED
    await scene.rows(JUDGED_THEN, {"at": judged_at})
    caller = Caller("person:1", None, (RoleGrant(Role.auditor),), frozenset())
    sentences = []
    for minutes in (0, 50):
        now = judged_at + timedelta(minutes=minutes)
        reader = AttentionReader(scene.ledger, caller, now, zone_named("UTC"), AttentionChoice(begin))
        (condition,) = await budgets_burnt(reader)
        sentences.append([float(condition.parameters[name].value or 0) for name in ("lost", "allowed")])
    (lost, allowed), (lost_later, allowed_later) = sentences
    assert (lost, allowed) == (LOST.total_seconds(), allowed_later)
    assert lost_later - lost == (50 * 60 if is_down else 0)
