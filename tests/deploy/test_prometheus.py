"""The rules for Prometheus are about what /metrics has, and say what to do."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]  # it comes without types

from app.kpis.answers.series import KpiStatus
from app.kpis.gauges import LAST_MONTH, MONTH_TO_DATE
from app.platform.settings import PROJECT
from tests.deploy.conftest import DEPLOY
from tests.deploy.promql import OF_PROMETHEUS, Metrics, faults
from tests.extent import in_test_all
from tests.waiting import PATIENCE_SECONDS

RULES = DEPLOY / "prometheus" / "ledgerdesk.rules.yml"
SEVERITIES = {"page", "ticket", "info"}
#: What somebody does: looks, asks, starts, changes.
TO_DO = re.compile(
    r"GET /v1/|`ledgerdesk \w+|\b(look|ask|see|start|raise|rotate|give)\b|is a worker running", re.I
)
HTTP_STATUS = {"200", "202", "400", "401", "404", "500", "503"}


def rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


RECORDED = {rule["record"] for rule in rules() if "record" in rule}
ALERTS = [rule for rule in rules() if "alert" in rule]


async def test_rules_name_only_what_a_scrape_has(metrics: Metrics, values: dict[str, set[str]]) -> None:
    for rule in rules():
        known = values | ({"status": HTTP_STATUS} if "http_request" in rule["expr"] else {})
        assert faults(rule["expr"], metrics, more=RECORDED, values=known) == [], rule


async def test_what_is_not_there_is_found(metrics: Metrics, values: dict[str, set[str]]) -> None:
    for expr, fault in (
        ("ledgerdesk_kpi_values > 1", "ledgerdesk_kpi_values is no metric"),
        ('ledgerdesk_kpi_status{status="failed"} == 1', "ledgerdesk_kpi_status has no status failed"),
        ("max by (kpi) (ledgerdesk_kpi_value)", "kpi is no label of ['ledgerdesk_kpi_value']"),
        (
            'ledgerdesk_http_request_seconds_count{operation="receive_mail"}',
            "ledgerdesk_http_request_seconds_count has no operation receive_mail",
        ),
    ):
        assert faults(expr, metrics, values=values) == [fault]


def test_targets_of_both_periods_are_watched() -> None:
    said = " ".join(rule["expr"] for rule in ALERTS)
    for period, status in ((LAST_MONTH, KpiStatus.missed), (MONTH_TO_DATE, KpiStatus.at_risk)):
        assert re.search(rf'period="{period}", status=~?"[^"]*{status.value}', said)


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert["alert"])
def test_an_alert_says_what_is_wrong_and_what_to_do(alert: dict[str, Any]) -> None:
    assert alert["alert"].startswith("Ledgerdesk")
    assert alert["labels"]["severity"] in SEVERITIES
    assert alert["annotations"].keys() == {"summary", "description"}
    assert TO_DO.search(alert["annotations"]["description"])
    assert len(alert["annotations"]["summary"]) < 100


async def test_an_alert_speaks_of_labels_that_it_has(metrics: Metrics) -> None:
    for alert in ALERTS:
        named = set(re.findall(r"\$labels\.(\w+)", str(alert["annotations"])))
        # `max without (…)` drops labels, `by` keeps only those that it names.
        dropped = {one for of in re.findall(r"without \(([^)]*)\)", alert["expr"]) for one in of.split(", ")}
        kept = {one for of in re.findall(r"by \(([^)]*)\)", alert["expr"]) for one in of.split(", ")}
        there = {label for name in metrics.labels if name in alert["expr"] for label in metrics.labels[name]}
        assert named <= ((kept or there | OF_PROMETHEUS) - dropped), alert["alert"]


def test_the_configuration_scrapes_with_a_key_from_a_file() -> None:
    said = yaml.safe_load((RULES.parent / "prometheus.yml").read_text(encoding="utf-8"))
    (job,) = said["scrape_configs"]
    assert job["job_name"] == "ledgerdesk", "alerts name it"
    assert job["metrics_path"] == "/metrics"
    assert job["authorization"].keys() == {"type", "credentials_file"}
    assert said["rule_files"] == [RULES.name]


def promtool(*arguments: str, cwd: Path) -> None:
    """Run Prometheus' own check, which must end well; skip where it is not."""
    program = shutil.which("promtool")
    if program is None:
        pytest.skip("needs promtool: Prometheus checks its rules itself")
    done = subprocess.run(
        [program, *arguments], cwd=cwd, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_prometheus_takes_configuration_and_rules(tmp_path: Path) -> None:
    folder = tmp_path / "prometheus"
    shutil.copytree(RULES.parent, folder)
    (folder / "ledgerdesk.key").write_text("ldk_…", encoding="utf-8")
    promtool("check", "config", "prometheus.yml", cwd=folder)


@in_test_all
def test_alerts_go_off_when_they_should() -> None:
    promtool("test", "rules", "tests/deploy/rules.test.yml", cwd=PROJECT)
