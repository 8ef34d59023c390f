"""Budgets of cases over HTTP: who sets them, what is refused, and that nothing said is lost."""

from __future__ import annotations

from app.common.people import Role
from tests.cases import each_case
from tests.client import Api, Json

BUDGETS = "/v1/kpi_budgets"
YEAR = {"valid_from_at": "2026-01-01T00:00:00.000000Z", "valid_until_at": "2027-01-01T00:00:00.000000Z"}
SAID = {"kpi": "incident_unit_cost", "amount": "45.00", "currency": "EUR", **YEAR}


async def test_a_budget_is_set_for_a_time_set_otherwise_for_another_and_withdrawn(api: Api) -> None:
    quality = await api.client("Quan", Role.quality_manager)
    record = await quality.post_ok(BUDGETS, SAID)
    assert {name: record[name] for name in SAID} == SAID
    path = f"{BUDGETS}/{record['id']}"
    later = {"amount": "5000", "currency": "JPY", "valid_from_at": "2027-01-01T00:00:00Z"}
    revised = await quality.post_ok(f"{path}/revise", later)
    assert (revised["amount"], revised["currency"], revised["valid_until_at"]) == ("5000", "JPY", None)
    none = await quality.post_ok(f"{path}/revise", {"valid_from_at": "2028-01-01T00:00:00Z"})
    assert (none["amount"], none["currency"]) == (None, None)
    (listed,) = (await quality.read(BUDGETS, kpi="incident_unit_cost"))["items"]
    assert listed["id"] == record["id"]
    withdrawn = await quality.post_ok(f"{path}/withdraw", {"reason": "It was the draft."})
    assert withdrawn["state"] == "withdrawn"
    types = [event["type"] for event in (await quality.read(f"{path}/events"))["items"]]
    assert types == [f"kpi_budget.{name}" for name in ("added", "revised", "revised", "withdrawn")]
    late = await quality.post(f"{path}/revise", json=later)
    assert (late.status_code, late.json()["code"]) == (409, "not_in_this_state")


async def test_a_budget_that_says_no_time_holds_from_now_on(api: Api) -> None:
    quality = await api.client("Quan", Role.quality_manager)
    record = await quality.post_ok(BUDGETS, {name: SAID[name] for name in ("kpi", "amount", "currency")})
    assert (record["valid_from_at"], record["valid_until_at"]) == (record["added_at"], None)


@each_case(
    ("changed", "pointer", "code"),
    [
        ({"amount": None}, "/amount", "missing"),
        ({"currency": None}, "/currency", "missing"),
        ({"amount": "45"}, "/amount", "other_digits"),
        ({"amount": "45.00", "currency": "JPY"}, "/amount", "other_digits"),
        ({"amount": "0.00"}, "/amount", "not_an_amount"),
        ({"amount": "-1.00"}, "/amount", "string_pattern_mismatch"),
        ({"amount": 45}, "/amount", "string_type"),
        ({"currency": "XXX"}, "/currency", "not_a_currency"),
        ({"kpi": "happiness"}, "/kpi", "unknown_value"),
        ({"kpi": "incident_resolution_seconds"}, "/kpi", "no_money_per_case"),
        ({"kpi": "incident_unit_cost_of_budget"}, "/kpi", "no_money_per_case"),
        ({"valid_until_at": "2026-01-01T00:00:00Z"}, "/valid_until_at", "not_after_its_beginning"),
        (
            {"valid_from_at": None, "valid_until_at": "2020-01-01T00:00:00Z"},
            "/valid_until_at",
            "not_after_its_beginning",
        ),
    ],
    ids=str,
)
async def test_what_is_no_budget_is_refused(shared: Api, changed: Json, pointer: str, code: str) -> None:
    quality = await shared.client("Quan", Role.quality_manager)
    refused = await quality.post(BUDGETS, json=SAID | changed)
    assert refused.status_code == 422
    assert [(error["pointer"], error["code"]) for error in refused.json()["errors"]] == [(pointer, code)]


async def test_what_is_revised_is_checked_as_what_is_added(shared: Api) -> None:
    quality = await shared.client("Quan", Role.quality_manager)
    record = await quality.post_ok(BUDGETS, SAID)
    for changed, pointer in (
        ({"amount": "50.00"}, "/currency"),
        ({"currency": "EUR"}, "/amount"),
        ({"amount": "50", "currency": "EUR"}, "/amount"),
        ({"amount": "50.00", "currency": "EUR", "valid_until_at": "2020-01-01T00:00:00Z"}, "/valid_until_at"),
    ):
        refused = await quality.post(f"{BUDGETS}/{record['id']}/revise", json=changed)
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, pointer)


@each_case("role", list(Role), one_of_each=lambda role: role is Role.quality_manager)
async def test_the_quality_manager_sets_budgets_and_nobody_else(shared: Api, role: Role) -> None:
    client = await shared.client("Olga", role)
    answer = await client.post(BUDGETS, json=SAID)
    assert answer.status_code == (201 if role is Role.quality_manager else 403), role
