"""The dashboard for Grafana shows what /metrics has: the watched KPIs in units that people read, and the
rest.
"""

from __future__ import annotations

import json
import re
from itertools import combinations
from typing import Any

import yaml  # type: ignore[import-untyped]  # it comes without types

from app.kpis.catalogue import KPIS
from app.kpis.declaration.kpi import Unit
from app.kpis.gauges import LAST_MONTH, MONTH_TO_DATE
from app.kpis.signals.watch_list import USUAL
from tests.cases import each_case
from tests.deploy.conftest import DEPLOY
from tests.deploy.promql import Metrics, faults

FOLDER = DEPLOY / "grafana"
DASHBOARD: dict[str, Any] = json.loads((FOLDER / "ledgerdesk.json").read_text(encoding="utf-8"))
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
VARIABLES = {variable["name"]: variable for variable in DASHBOARD["templating"]["list"]}
#: What Grafana puts in by itself.
BUILT_IN = {"__rate_interval"}
UNITS = {
    Unit.seconds: "s",
    Unit.ratio: "percentunit",
    Unit.cases: "short",
    **dict.fromkeys((Unit.number, Unit.money, Unit.score), "none"),
}
HTTP_STATUS = {"200"}
#: Grafana divides the width into so many columns.
COLUMNS = 24


def named(panel: dict[str, Any]) -> str:
    title: str = panel["title"]
    return title


@each_case("panel", PANELS, ids=named)
async def test_a_panel_asks_for_what_a_scrape_has(
    panel: dict[str, Any], metrics: Metrics, values: dict[str, set[str]]
) -> None:
    assert panel["title"]
    assert panel["description"]
    assert panel["targets"]
    assert panel["fieldConfig"]["defaults"]["unit"]
    assert len({target["refId"] for target in panel["targets"]}) == len(panel["targets"])
    for target in panel["targets"]:
        assert set(re.findall(r"\$(\w+)", target["expr"])) <= VARIABLES.keys() | BUILT_IN
        assert 'job=~"$job"' in target["expr"]
        assert target["datasource"] == panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
        label_values = values | ({"status": HTTP_STATUS} if "http_request" in target["expr"] else {})
        assert faults(target["expr"], metrics, values=label_values) == []


def test_every_watched_kpi_has_its_values_and_its_target() -> None:
    for key in USUAL:
        kpi = KPIS[key]
        (panel,) = (candidate for candidate in PANELS if candidate["title"] == kpi.texts("en").name)
        assert key in panel["description"]
        assert panel["fieldConfig"]["defaults"]["unit"] == UNITS[kpi.unit]
        expressions = [target["expr"] for target in panel["targets"]]
        for expr, (name, period) in zip(
            expressions,
            (("value", MONTH_TO_DATE), ("value", LAST_MONTH), ("target", MONTH_TO_DATE)),
            strict=True,
        ):
            assert f"ledgerdesk_kpi_{name}{{" in expr
            assert f'key="{key}", period="{period}"' in expr
            assert expr.endswith(" / 100") == (kpi.unit is Unit.money), "money is in hundredths"


def test_tables_show_every_status_of_both_periods() -> None:
    tables = [panel for panel in PANELS if panel["type"] == "table"]
    expressions = [" ".join(target["expr"] for target in panel["targets"]) for panel in tables]
    assert [
        period in text for period, text in zip((MONTH_TO_DATE, LAST_MONTH), expressions, strict=True)
    ] == [True] * 2
    for panel in tables:
        (status,) = (
            override
            for override in panel["fieldConfig"]["overrides"]
            if override["matcher"]["options"] == "Status"
        )
        mapped = status["properties"][0]["value"][0]["options"]
        assert mapped.keys() == {"met", "at_risk", "missed", "no_data"}


def test_the_data_source_is_chosen_on_the_dashboard() -> None:
    assert VARIABLES["datasource"]["type"] == "datasource"
    assert VARIABLES["datasource"]["query"] == "prometheus"
    assert DASHBOARD["uid"] == "ledgerdesk"
    assert "id" not in DASHBOARD, "it would be that of another Grafana"


def test_panels_have_ids_of_their_own_and_lie_beside_one_another() -> None:
    everything = DASHBOARD["panels"]
    assert len({panel["id"] for panel in everything}) == len(everything)
    assert all(panel["gridPos"]["x"] + panel["gridPos"]["w"] <= COLUMNS for panel in everything)
    for first, second in combinations((panel["gridPos"] for panel in everything), 2):
        apart = first["x"] + first["w"] <= second["x"] or second["x"] + second["w"] <= first["x"]
        below = first["y"] + first["h"] <= second["y"] or second["y"] + second["h"] <= first["y"]
        assert apart or below


def test_provisioning_names_a_data_source_and_a_folder() -> None:
    documents = {
        path.stem: yaml.safe_load(path.read_text(encoding="utf-8")) for path in FOLDER.rglob("*.yml")
    }
    assert {document["apiVersion"] for document in documents.values()} == {1}
    assert documents["prometheus"]["datasources"][0]["type"] == "prometheus"
    assert documents["ledgerdesk"]["providers"][0]["options"]["path"]
