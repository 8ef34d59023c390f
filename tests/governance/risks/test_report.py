"""The report on risks counts what a plain loop over the risks of a period counts, by one matrix."""

from __future__ import annotations

import random
import xml.etree.ElementTree as ET
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from app.governance.risks.lookups import RiskHistory
from app.governance.risks.report import report_of
from tests.extent import in_test_all
from tests.governance.risks.conftest import House

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
QUARTER = timedelta(days=90)
RANKS = {"low": 0, "medium": 1, "high": 2}


def level(likelihood: int, impact: int) -> str:
    points = likelihood * impact
    return "high" if points >= 15 else "medium" if points >= 8 else "low"


def history(seed: int) -> RiskHistory:
    """Made-up risks, identified, assessed and closed around the quarter."""
    luck = random.Random(seed)
    risks: list[dict[str, Any]] = []
    assessments: list[dict[str, Any]] = []
    end = BEGIN + QUARTER
    for n in range(40):
        identified_at = BEGIN + timedelta(days=luck.randrange(-200, 90))
        closed_at = identified_at + timedelta(days=luck.randrange(1, 300)) if luck.random() < 0.5 else None
        risk = {"id": UUID(int=n), "number": f"RSK-{n}", "title": f"Risk {n}"}
        risks.append(risk | {"identified_at": identified_at, "closed_at": closed_at})
        day = identified_at
        for _ in range(luck.randrange(4)):
            day += timedelta(days=luck.randrange(1, 80))
            if day < min(end, closed_at or end):
                rated = {"likelihood": luck.randint(1, 5), "impact": luck.randint(1, 5)}
                assessments.append({"risk": risk["id"], "assessed_at": day, **rated})
    assessments.sort(key=lambda row: row["assessed_at"])
    return RiskHistory(risks, assessments, None, (), ())


def test_the_report_equals_a_plain_loop_over_the_risks() -> None:
    for seed in range(20):
        drawn, end = history(seed), BEGIN + QUARTER
        report = report_of(drawn, BEGIN, end)
        levels: Counter[str | None] = Counter()
        ups = downs = 0
        for risk in drawn.risks:
            last = None
            for row in drawn.assessments:
                if row["risk"] != risk["id"]:
                    continue
                now = level(row["likelihood"], row["impact"])
                if last is not None and row["assessed_at"] >= BEGIN:
                    ups += RANKS[now] > RANKS[last]
                    downs += RANKS[now] < RANKS[last]
                last = now
            if risk["closed_at"] is None or risk["closed_at"] >= end:
                levels[last] += 1
        by_level = report.by_level
        assert (by_level.high, by_level.medium, by_level.low, by_level.unassessed) == tuple(
            levels[name] for name in ("high", "medium", "low", None)
        )
        assert (len(report.up), len(report.down)) == (ups, downs)
        assert len(report.new) == sum(risk["identified_at"] >= BEGIN for risk in drawn.risks)
        closings = [risk["closed_at"] for risk in drawn.risks if risk["closed_at"] is not None]
        assert len(report.closed) == sum(BEGIN <= closed_at < end for closed_at in closings)
        assert report.trend[-1] == by_level
        assert report.trend[-2].counted_at == BEGIN
        assert sum(len(cell.risks) for cell in report.cells) == sum(levels.values()) - levels[None]


async def test_the_report_tells_of_levels_moves_and_occurrences_and_prints(house: House) -> None:
    moved, fresh = await house.assessed(3, 3), await house.identified(title="<b>The</b> cellar is flooded")
    await house.owner.post_ok(f"{moved}/reassess", {"likelihood": 5, "impact": 3})
    loss = {"happened_at": "2026-11-02T08:00:00Z", "extent": "A day.", "loss": "10.50", "currency": "CNY"}
    day = datetime.now(UTC).date()
    loss["happened_at"] = datetime.now(UTC).replace(microsecond=0).isoformat()
    await house.finder.post_ok(f"{moved}/record_occurrence", loss)
    begin, end = day - timedelta(days=2), day + timedelta(days=2)
    report = await house.owner.read("/v1/risks/report", **{"from": begin, "until": end})
    levels = {name: report["by_level"][name] for name in ("high", "medium", "low", "unassessed")}
    assert levels == {"high": 1, "medium": 0, "low": 0, "unassessed": 1}
    assert {f"/v1/risks/{risk['number']}" for risk in report["new"]} == {moved, fresh}
    (up,) = report["up"]
    assert (up["level_before"], up["risk_level"], report["losses"]) == ("medium", "high", {"CNY": "10.50"})
    (cell,) = report["cells"]
    assert (cell["likelihood"], cell["impact"], cell["risk_level"]) == (5, 3, "high")
    page = await house.owner.get(f"/v1/risks/report?from={begin}&until={end}&format=html&lang=zh")
    assert (page.status_code, page.headers["content-language"]) == (200, "zh")
    assert "风险报告" in page.text
    assert "质量经理: Quality" in page.text
    assert "&lt;b&gt;The&lt;/b&gt; cellar" in page.text
    assert [risk["risk_level"] for risk in report["open"]] == ["high", None]
    (cause,) = {risk["cause"] for risk in report["open"]}
    assert [word for word in (cause, "原因分析", "Owner", "管理层") if word not in page.text] == []
    turned = await house.owner.get(f"/v1/risks/report?from={day}&until={day}")
    assert (turned.status_code, turned.json()["errors"][0]["code"]) == (422, "ends_before_it_begins")


@in_test_all
async def test_the_heat_map_is_a_drawing_of_25_cells_with_the_numbers_of_risks(house: House) -> None:
    await house.assessed(5, 5)
    await house.assessed(5, 5)
    await house.assessed(1, 1)
    drawing = await house.owner.get("/v1/risks/heat_map?lang=en")
    assert drawing.headers["content-type"] == "image/svg+xml"
    svg = ET.fromstring(drawing.text)
    tag = "{http://www.w3.org/2000/svg}"
    assert len(svg.findall(f"{tag}rect")) == 25
    figures = [text.text or "" for text in svg.findall(f"{tag}text") if text.get("class") == "figure"]
    assert sorted(figures) == ["1", "2"]


async def test_the_report_and_the_map_are_for_staff(house: House) -> None:
    for path in ("/v1/risks/heat_map", "/v1/risks/report?from=2026-01-01&until=2026-04-01"):
        assert (await house.management.get(path)).status_code == 200
        assert (await house.guest.get(path)).status_code == 403
        assert (await house.helper.get(path)).status_code == 403
