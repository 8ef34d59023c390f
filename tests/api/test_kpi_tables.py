"""KPIs over HTTP as tables, for spreadsheets: the values that the JSON has, under names that stay."""

from __future__ import annotations

import csv
import io
from typing import Any

from app.common.people import Role
from app.kpis.catalogue import KPIS
from tests.api.desk import MTTR, Desk
from tests.client import Api, Json
from tests.extent import in_test_all
from tests.kpis.kinds import kind_of
from tests.people import ago
from tests.selection import selected

CSV = {"Accept": "text/csv"}
PLACE = ["key", "unit", "grain", "tz", "as_of", "position", "lag_seconds", "behind"]

OF_INCIDENTS = {key: kpi for key, kpi in KPIS.items() if "incident" in kpi.processes}


def rows(text: str) -> list[dict[str, str]]:
    """The rows of a table, by the names of its columns."""
    assert text.endswith("\r\n")
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


def flat(body: Json, within: str = "") -> Json:
    """All values of an object, those of its parts under both names, a cut under its own."""
    values: Json = {}
    for name, value in body.items():
        if name == "worst_services":  # a list has no column
            continue
        parts = flat(value, "" if name == "by" else f"{name}_") if isinstance(value, dict) else None
        values |= {f"{within}{name}": value} if parts is None else parts
    return values


def as_cell(value: Any) -> str:
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


@in_test_all
async def test_a_series_comes_as_a_table_with_the_values_that_it_has_as_json(desk: Desk) -> None:
    for service in ("=1+1", 'the "core"; 三楼'):
        await desk.resolve(await desk.report(2, service=service))
    await desk.report(1)
    await desk.follow()
    auditor = await desk.api.client("Olga", Role.auditor)
    for key in selected("as a table", OF_INCIDENTS, kind_of):
        kpi = OF_INCIDENTS[key]
        # As it was at one instant: how old an open case is does not change between the two.
        parameters = {"by": ",".join(kpi.dimensions), "grain": "all", "as_of": str(await desk.api.head())}
        series = await auditor.read(f"/v1/kpis/{key}", **parameters)
        answer = await auditor.get(f"/v1/kpis/{key}", params=parameters, headers=CSV)
        assert answer.headers["content-type"] == "text/csv; charset=utf-8; header=present"
        table = rows(answer.text)
        assert len(table) == len(series["points"])
        place = {name: as_cell(series[name]) for name in PLACE}
        for row, point in zip(table, series["points"], strict=True):
            assert {name: row.pop(name) for name in PLACE} == place
            for name, value in flat(point).items():
                if name in row:
                    cell = as_cell(value)
                    assert row.pop(name) == (f"'{cell}" if cell == "=1+1" else cell), (key, name)
                else:
                    assert value is None, name
                    assert {row.pop(part) for part in list(row) if part.startswith(f"{name}_")} == {""}
            assert row == {}, "a column that the JSON does not have"
    opened = await desk.manager.get(
        "/v1/kpis/incidents_opened", params={"by": "service", "grain": "all"}, headers=CSV
    )
    assert [(row["service"], row["value"]) for row in rows(opened.text)] == [
        ("'=1+1", "1"),
        ('the "core"; 三楼', "1"),
        ("", "1"),
    ]


async def test_the_columns_of_a_table_are_always_the_same(desk: Desk) -> None:
    figures = ("mean", "median", "p90", "max", "zeros")
    times = [f"{time}_{figure}" for time in ("business", "elapsed") for figure in figures]
    columns = [
        *("value", "no_value", "cases", "numerator", "denominator", "rota_days", *times),
        *("survival_ended", "survival_open", "survival_median", "survival_p90"),
        *(
            f"exposure_{figure}"
            for figure in ("agreed_seconds", "outage_seconds", "outages", "expected", "at_least")
        ),
        *("interval_low", "interval_high", "interval_level", "small", "open_cases", "oldest_open_seconds"),
        *("on_hold", "arrived_in_hours", "undecided", "skewed"),
        *(
            "excluded_cancelled",
            "excluded_duplicate",
            "excluded_rejected",
            "excluded_staff",
            "excluded_unknown",
            "target_comparator",
            "target_value",
            "status",
        ),
        *("previous_value", "previous_change", "last_year_value", "last_year_change"),
    ]
    auditor = await desk.api.client("Olga", Role.auditor)
    for key in selected("columns", OF_INCIDENTS, kind_of):
        kpi = OF_INCIDENTS[key]
        by = kpi.dimensions[:2]
        companion_columns = [
            f"beside_{other}_{figure}" for other in kpi.companions for figure in ("value", "cases")
        ]
        answer = await auditor.get(f"/v1/kpis/{key}", params={"by": ",".join(by)}, headers=CSV)
        last = ["final_after", "recording", *PLACE]
        header = ",".join(["from", "to", *by, *columns, *companion_columns, *last])
        assert answer.text == f"{header}\r\n", "no cut has any case"
    (empty,) = rows((await desk.manager.get(MTTR, params={"grain": "all"}, headers=CSV)).text)
    assert (empty["value"], empty["no_value"], empty["cases"], empty["small"]) == (
        "",
        "no_cases",
        "0",
        "true",
    )


async def test_cases_come_as_a_table_page_by_page(desk: Desk) -> None:
    for n in range(3):
        await desk.resolve(await desk.report(n + 1))
    await desk.follow()
    time = {"from": ago(days=1).isoformat(), "to": ago(days=-1).isoformat()}
    page = await desk.manager.read(f"{MTTR}/cases", **time)
    answer = await desk.manager.get(f"{MTTR}/cases", params={**time, "limit": 2}, headers=CSV)
    all_rows = rows(answer.text)
    rest = await desk.manager.get(answer.headers["link"].partition(">; ")[0].removeprefix("<"), headers=CSV)
    assert "link" not in rest.headers
    all_rows += rows(rest.text)
    items, next_cursor = page.pop("items"), page.pop("next_cursor")
    assert (len(all_rows), next_cursor) == (3, None)
    for row, case in zip(all_rows, items, strict=True):
        case["events"] = " ".join(event["id"] for event in case["events"])
        assert row == {name: as_cell(value) for name, value in {**case, **page}.items()}


async def test_a_table_is_for_who_would_rather_have_one_and_errors_are_problems(shared: Api) -> None:
    manager = await shared.client("Marta", Role.incident_manager)
    for path in (MTTR, f"{MTTR}/cases"):
        for accept, kind in (
            ("*/*", "application/json"),
            ("text/csv, application/json", "application/json"),
            ("application/json;q=0.5, text/csv; header=present", "text/csv"),
            ("text/*, application/json;q=0.9", "text/csv"),
        ):
            answer = await manager.get(path, headers={"Accept": accept})
            assert answer.headers["content-type"].partition(";")[0] == kind, accept
            assert answer.headers["vary"] == "Accept, Authorization, Accept-Language"
        assert (await manager.head(path, headers=CSV)).headers["content-type"].startswith("text/csv;")
        none = await manager.get(path, headers={"Accept": "text/html"})
        assert (none.status_code, none.json()["code"]) == (406, "not_acceptable")
        assert "text/csv" in none.json()["detail"]
        wrong = await manager.get(path, params={"team": "nobody"}, headers=CSV | {"Accept-Language": "zh"})
        assert (wrong.status_code, wrong.headers["content-type"]) == (422, "application/problem+json")
        assert wrong.headers["content-language"] == "zh"
    for path in ("/v1/kpis", f"{MTTR}/forecast", f"{MTTR}/behaviour", "/v1/incidents"):
        assert (await manager.get(path, headers=CSV)).status_code == 406
    for path in ("/v1/kpis/happiness", "/v1/kpis/happiness/cases"):
        assert (await manager.get(path, headers=CSV)).json()["code"] == "not_found"
