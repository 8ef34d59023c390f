"""The hours of an agreement are terms of both parties: no revision of their calendar changes them."""

from __future__ import annotations

from typing import Any

from tests.client import Json
from tests.service_levels.agreements.samples import OFFICE, Parties
from tests.service_levels.agreements.test_story import errors

WEEK: Json = {"weekdays": ["mon", "tue", "wed", "thu", "fri"], "starts": "09:00", "ends": "18:00"}
#: By field of a calendar, a value that alters when the clocks of its agreements run.
OTHER_HOURS: Json = {
    "time_zone": "Europe/Berlin",
    "weekly": [{"weekdays": ["mon"], "starts": "09:00", "ends": "10:00"}],
    "weekly_from": [{"from_date": "2199-01-01", "weekly": []}],
    "public_holidays": [{"country": "CN", "years": [2026]}],
    "holidays": [{"date": "2026-12-01", "name_en": "Closed"}],
    "working_days": [{"date": "2026-12-02", "hours": [{"starts": "09:00", "ends": "10:00"}]}],
}


async def test_the_hours_of_an_agreement_stay_as_both_parties_agreed(parties: Parties) -> None:
    definition: dict[str, Any] = {"time_zone": "Asia/Shanghai", "weekly": [WEEK], "reason": "Only Mondays."}
    revise = f"/v1/calendars/{OFFICE}/revise"
    longer = {**definition, "holidays": [{"date": "2026-11-02", "name_en": "Before"}]}
    await parties.manager.post_ok(revise, longer)
    await parties.manager.post_ok(revise, definition)
    path = await parties.signed("SLA", "finance")
    for name, value in OTHER_HOURS.items():
        refused = await parties.manager.post(revise, json={**definition, name: value})
        assert errors(refused.json()) == [(f"/{name}", "hours_agreed")], name
        assert (await parties.manager.read(path))["number"] in refused.text
    await parties.manager.post_ok(revise, definition)
