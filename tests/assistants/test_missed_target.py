"""An assistant finds why last month's target was missed, down to three cases and their events."""

from __future__ import annotations

import random

from tests.assistants.clients import Assistants
from tests.attention.conftest import follower, site
from tests.attention.planted import KEY, Planted, Site

__all__ = ["follower", "site"]


async def test_why_last_months_target_was_missed_is_found_down_to_three_cases(
    site: Site, assistants: Assistants
) -> None:
    month = site.months()[-1]
    await site.fill(random.Random(7), Planted(month, "net", "vpn"), 40)
    async with assistants.over_http(site.reader.token) as assistant:
        attention = await assistant.use("explain", subject="attention")
        assert attention["period"] == site.named(month)
        (missed,) = [each for each in attention["needs_attention"] if each["code"] == "target_missed"]
        assert missed["parameters"]["kpi"] == KEY
        figure = await assistant.use("explain", subject="figure", key=missed["parameters"]["kpi"])
        (point,) = figure["points"]
        assert point["status"] == "missed"
        assert point["value"] > point["target"]["value"]
        assert figure["without"]
        filters = {"team": [missed["parameters"]["team"]]}
        worst = (await assistant.use("explain", subject="cases", key=KEY, filters=filters))["cases"][:3]
        assert len(worst) == 3
        measures = [case["measure"] for case in worst]
        assert measures == sorted(measures, reverse=True)
        assert measures[-1] > point["target"]["value"]
        for case in worst:
            named = {"kind": case["kind"], "id": case["number"]}
            assert {event["type"] for event in case["events"]} >= {"incident.reported", "incident.resolved"}
            assert all(event["position"] for event in case["events"])
            record = (await assistant.use("read", **named))["record"]
            assert record["number"] == case["number"]
