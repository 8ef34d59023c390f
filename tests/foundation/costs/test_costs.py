"""Rates by the hour: what counts from when on, said in the digits of its currency."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from app.common.money import DIGITS, Amount
from app.common.people import Role
from app.foundation.costs.amounts import check_digits
from app.kernel.actions.refusals import WrongValue
from tests.cases import each_case
from tests.client import Api, Client, Json

RATE: Json = {"role_class": "engineer", "amount": "480.00", "currency": "CNY"}


async def an_admin(api: Api) -> Client:
    return await api.client("Ada", Role.admin)


@given(st.decimals(min_value="0.001", max_value="999999999999", places=3), st.sampled_from(sorted(DIGITS)))
def test_an_amount_fits_its_currency_exactly_if_it_has_its_digits(amount: object, currency: str) -> None:
    text = re.sub(r"0$", "", str(amount)) if DIGITS[currency] == 2 else str(amount)
    try:
        TypeAdapter(Amount).validate_python(text)
    except ValidationError:
        assert not text.strip("0.")
        return
    if len(text.partition(".")[2]) == DIGITS[currency]:
        check_digits(text, currency)
    else:
        with pytest.raises(WrongValue):
            check_digits(text, currency)


async def test_a_rate_is_said_once_for_each_class_and_time(api: Api) -> None:
    admin = await an_admin(api)
    body = {**RATE, "valid_from_at": "2026-01-01T00:00:00+08:00"}
    rate = await admin.post_ok("/v1/hourly_rates", body)
    assert rate["valid_from_at"] == "2025-12-31T16:00:00.000000Z"
    refused = await admin.post("/v1/hourly_rates", json={**body, "amount": "500.00"})
    assert refused.json()["errors"][0]["code"] == "taken"
    # What was a mistake stands in nobody's way.
    await admin.post_ok(f"/v1/hourly_rates/{rate['id']}/withdraw", {"reason": "The old list."})
    await admin.post_ok("/v1/hourly_rates", {**body, "amount": "500.00"})
    listed = await admin.read("/v1/hourly_rates", role_class="engineer", state="active")
    assert [item["amount"] for item in listed["items"]] == ["500.00"]


@each_case(
    ("wrong", "pointer", "code"),
    [
        ({"amount": "480"}, "/amount", "other_digits"),
        ({"amount": "480.00", "currency": "JPY"}, "/amount", "other_digits"),
        ({"amount": "480.000"}, "/amount", "other_digits"),
        ({"amount": "0.00"}, "/amount", "not_an_amount"),
        ({"amount": "-480.00"}, "/amount", "string_pattern_mismatch"),
        ({"currency": "XXX"}, "/currency", "not_a_currency"),
    ],
)
async def test_what_is_no_amount_is_refused(api: Api, wrong: Json, pointer: str, code: str) -> None:
    admin = await an_admin(api)
    head = await api.head()
    body = {**RATE, "valid_from_at": "2026-01-01T00:00:00Z", **wrong}
    refused = await admin.post("/v1/hourly_rates", json=body)
    (fault,) = refused.json()["errors"]
    assert (fault["pointer"], fault["code"]) == (pointer, code)
    assert await api.head() == head


async def test_what_things_cost_is_for_staff(api: Api) -> None:
    admin, zhao = await an_admin(api), await api.client("Zhao Min")
    rate = await admin.post_ok("/v1/hourly_rates", {**RATE, "valid_from_at": "2026-01-01T00:00:00Z"})
    assert (await zhao.read("/v1/hourly_rates"))["items"] == []
    assert (await zhao.get(f"/v1/hourly_rates/{rate['id']}")).status_code == 404
