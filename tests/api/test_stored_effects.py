"""Effects that version 1 of the methods measured and stored: they parse, are told, listed and drawn, and come
out the same again, since the method and version that are stored choose the code.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from app.common.people import Role
from app.platform.db import connect
from tests.api.desk import Desk
from tests.api.test_effects import AFTER, BEFORE, WINDOWS
from tests.client import RESOLVED, Json, an_incident
from tests.conftest import DatabaseUrls
from tests.extent import in_test_all

SCOPE: Json = {"scope": {"priority": ["P3"]}}
CONTROL: Json = {"control": {"priority": ["P4"]}}
PROMISED: Json = {"promised": {"change": -0.5}}
#: The seed of version 1 was the position: there were so many events.
SEED = 104
STORE = "update fold.kpi_effect set result = %s::jsonb, verdict = %s, seed = %s where id = %s"
#: The KPI, what was said, and the result as the log has it.
STORED: list[tuple[str, Json, str]] = [
    (
        "incident_resolution_seconds",
        PROMISED,
        """
        {"method": "duration", "method_version": 1, "scale": "difference", "before": {"value":
        "10530.0", "cases": 12, "compared": "7530.0", "low": "7260.0", "high": "7800.0", "exposure":
        null}, "after": {"value": "6930.0", "cases": 12, "compared": "3930.0", "low": "3660.0", "high":
        "4200.0", "exposure": null}, "control_before": null, "control_after": null, "effect": "-3600.0",
        "low": "-3840.0", "high": "-3360.0", "level": "0.95", "interval_by": "order_statistics",
        "relative_change": "-0.47808764940239046", "difference_of_medians": "-3600.0", "test":
        "mann_whitney", "p_value": "0.0004776817289569815", "verdict": "improved", "promised":
        {"effect": "-3765.0", "reached": "missed"}, "warnings": []}
        """,
    ),
    (
        "incident_resolution_seconds",
        PROMISED | CONTROL,
        """
        {"method": "duration_did", "method_version": 1, "scale": "difference", "before": {"value":
        "10530.0", "cases": 12, "compared": "7530.0", "low": "7260.0", "high": "7800.0", "exposure":
        null}, "after": {"value": "6930.0", "cases": 12, "compared": "3930.0", "low": "3660.0", "high":
        "4200.0", "exposure": null}, "control_before": {"value": "6660.0", "cases": 12, "compared":
        "6660.0", "low": "6120.0", "high": "7200.0", "exposure": null}, "control_after": {"value":
        "6660.0", "cases": 12, "compared": "6660.0", "low": "6120.0", "high": "7200.0", "exposure":
        null}, "effect": "-3600.0", "low": "-4170.0", "high": "-3030.0", "level": "0.95", "interval_by":
        "percentile", "relative_change": "-0.47808764940239046", "difference_of_medians": null, "test":
        null, "p_value": null, "verdict": "improved", "promised": {"effect": "-3765.0", "reached":
        "missed"}, "warnings": []}
        """,
    ),
    (
        "reopen_rate",
        {},
        """
        {"method": "share", "method_version": 1, "scale": "difference", "before": {"value": "0.0",
        "cases": 12, "compared": "0.0", "low": "0.0", "high": "0.24249400665524087", "exposure": null},
        "after": {"value": "0.0", "cases": 12, "compared": "0.0", "low": "0.0", "high":
        "0.24249400665524087", "exposure": null}, "control_before": null, "control_after": null,
        "effect": "0.0", "low": "-0.24249400665524087", "high": "0.24249400665524087", "level": "0.95",
        "interval_by": "newcombe", "relative_change": null, "difference_of_medians": null, "test":
        "fisher_exact", "p_value": "1.0", "verdict": "no_evidence", "promised": null, "warnings": []}
        """,
    ),
    (
        "incidents_opened",
        {},
        """
        {"method": "rate", "method_version": 1, "scale": "ratio", "before": {"value": "12.0", "cases":
        12, "compared": "0.3870967741935484", "low": "0.20001855189426515", "high":
        "0.6761801628444181", "exposure": "31.0"}, "after": {"value": "12.0", "cases": 12, "compared":
        "0.4", "low": "0.2066858369574073", "high": "0.6987195016058987", "exposure": "30.0"},
        "control_before": null, "control_after": null, "effect": "1.0333333333333334", "low":
        "0.4246156596173782", "high": "2.5146924132283632", "level": "0.95", "interval_by":
        "clopper_pearson", "relative_change": "0.03333333333333344", "difference_of_medians": null,
        "test": "conditional_binomial", "p_value": "1.0", "verdict": "no_evidence", "promised": null,
        "warnings": []}
        """,
    ),
    (
        "incidents_opened",
        PROMISED | CONTROL,
        """
        {"method": "rate_did", "method_version": 1, "scale": "ratio", "before": {"value": "12.0",
        "cases": 12, "compared": "0.3870967741935484", "low": "0.20001855189426515", "high":
        "0.6761801628444181", "exposure": "31.0"}, "after": {"value": "12.0", "cases": 12, "compared":
        "0.4", "low": "0.2066858369574073", "high": "0.6987195016058987", "exposure": "30.0"},
        "control_before": {"value": "12.0", "cases": 12, "compared": "0.3870967741935484", "low":
        "0.20001855189426515", "high": "0.6761801628444181", "exposure": "31.0"}, "control_after":
        {"value": "12.0", "cases": 12, "compared": "0.4", "low": "0.2066858369574073", "high":
        "0.6987195016058987", "exposure": "30.0"}, "effect": "1.0", "low": "0.29582760989011014",
        "high": "3.4000000000000004", "level": "0.95", "interval_by": "percentile", "relative_change":
        "0.03333333333333344", "difference_of_medians": null, "test": null, "p_value": null, "verdict":
        "no_evidence", "promised": {"effect": "0.5", "reached": "missed"}, "warnings": []}
        """,
    ),
    (
        "reassignments_per_case",
        {},
        """
        {"method": "mean", "method_version": 1, "scale": "difference", "before": {"value": "0.0",
        "cases": 12, "compared": "0.0", "low": "0.0", "high": "0.0", "exposure": null}, "after":
        {"value": "0.0", "cases": 12, "compared": "0.0", "low": "0.0", "high": "0.0", "exposure": null},
        "control_before": null, "control_after": null, "effect": "0.0", "low": "0.0", "high": "0.0",
        "level": "0.95", "interval_by": "percentile", "relative_change": null, "difference_of_medians":
        null, "test": "permutation", "p_value": "1.0", "verdict": "no_evidence", "promised": null,
        "warnings": [{"code": "percentile", "months": [], "changes": [], "cases": null, "final_at":
        null, "before": null, "after": null}]}
        """,
    ),
]


async def _history(desk: Desk) -> None:
    """Twelve incidents of two priorities in March and in April: those of P3 take half as long in April, and
    the last one ten hours longer; those of P4 as long as before.
    """
    tool = await desk.api.client("Monitor", Role.integration)
    for begin, minutes in ((BEFORE, 120), (AFTER, 60)):
        for day in range(12):
            for urgency, took in (("2", minutes + day + (600 if day == 11 else 0)), ("3", 100 + 2 * day)):
                at = begin + timedelta(days=day, minutes=day)
                incident = an_incident(occurred_at=at.isoformat(), urgency=urgency)
                record = await tool.post_ok("/v1/incidents", incident)
                ended = (at + timedelta(minutes=took)).isoformat()
                await tool.post_ok(
                    f"/v1/incidents/{record['id']}/resolve", {**RESOLVED, "occurred_at": ended}
                )
    await desk.follow()


@in_test_all
async def test_what_version_1_stored_comes_out_the_same_again(desk: Desk, place: DatabaseUrls) -> None:
    await _history(desk)
    quality = await desk.api.client("Quan", Role.quality_manager)
    for kpi, said, raw in STORED:
        record = await quality.post_ok(f"/v1/kpis/{kpi}/effect", WINDOWS | SCOPE | said)
        assert record["result"]["method_version"] == 2, "what is measured now is of the newest version"
        stored: dict[str, Any] = json.loads(raw)
        async with await connect(place.owner_url) as owner:
            await owner.execute(STORE, (raw, stored["verdict"], SEED, record["id"]))
        answer = await quality.read(f"/v1/effects/{record['id']}")
        assert answer["recomputed"] == {"same": True, "differences": [], "reason": None}, kpi
        result = answer["result"]
        assert (result["method"], result["method_version"]) == (stored["method"], 1)
        assert result["relative"] is None
        assert result["before"]["compared"] == pytest.approx(float(stored["before"]["compared"]))
        assert kpi != "incident_resolution_seconds" or "not by the mean" in answer["sentence"]
        drawn = await quality.get(f"/v1/effects/{record['id']}/chart.svg")
        assert drawn.status_code == 200
    listed = await quality.read("/v1/effects")
    assert {item["result"]["method_version"] for item in listed["items"]} == {1}


@in_test_all
async def test_a_promised_part_is_of_the_value_that_people_read(desk: Desk) -> None:
    """By version 1 it was one of the median, 7,530 s."""
    await _history(desk)
    quality = await desk.api.client("Quan", Role.quality_manager)
    record = await quality.post_ok("/v1/kpis/incident_resolution_seconds/effect", WINDOWS | SCOPE | PROMISED)
    result = record["result"]
    assert result["before"]["value"] == result["before"]["compared"] == 10_530
    assert result["promised"]["effect"] == -5_265
    assert result["effect"] == result["after"]["value"] - result["before"]["value"] == -3_600
    assert result["difference_of_medians"] == -3_600
