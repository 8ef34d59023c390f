"""How far ahead an acceptance is announced: by the working days of its service's calendar."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from app.processes.requests.records import RequestState
from app.registry import LIFECYCLES_BY_KIND
from app.ticketing.work.working_days import MOST_DAYS, working_days_after
from tests.client import Api, Json
from tests.every_action.samples import valid_body
from tests.every_action.world import make_world
from tests.extent import in_test_all
from tests.foundation.services.test_catalogue import a_service

FRIDAY = date(2026, 11, 20)
EVERY_DAY = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


def test_working_days_are_counted_from_the_next_day_on() -> None:
    def weekday(day: date) -> bool:
        return day.weekday() <= 4

    assert working_days_after(FRIDAY, 0, weekday) == FRIDAY
    assert working_days_after(FRIDAY, 2, weekday) == FRIDAY + timedelta(days=4)
    assert working_days_after(FRIDAY, 2, lambda day: True) == FRIDAY + timedelta(days=2)
    never = working_days_after(FRIDAY, 2, lambda day: False)
    assert never == FRIDAY + timedelta(days=MOST_DAYS), "and nobody looks for ever"


@in_test_all
async def test_an_acceptance_is_announced_by_the_calendar_of_the_service(api: Api) -> None:
    world = await make_world(api)
    everybody, request = world.everybody, LIFECYCLES_BY_KIND["request"]
    today = EVERY_DAY[datetime.now(UTC).weekday()]
    for key, days in (("weekly", [today]), ("daily", EVERY_DAY)):
        hours = {"weekdays": days, "starts": "00:00", "ends": "00:00"}
        calendar: Json = {"key": key, "name": key, "time_zone": "UTC", "weekly": [hours]}
        await everybody.post_ok("/v1/calendars", calendar)
        await a_service(everybody, f"{key}-served", calendar=key)
    record = await world.make_record(request, RequestState.implementing, request["submit_for_acceptance"])
    path = f"/v1/requests/{record['id']}"
    await valid_body(everybody, request["submit_for_acceptance"], path)

    async def submitted(service: str, days: int) -> list[str]:
        """Why it cannot be submitted for that service, wanted in so many days."""
        edited = await everybody.patch(path, json={"service": service}, headers={"If-Match": "*"})
        assert edited.status_code == 200, edited.text
        wanted_at = (datetime.now(UTC) + timedelta(days=days)).isoformat()
        answer = await world.worker.post(
            f"{path}/submit_for_acceptance", json={"manual": "SHELF-3", "wanted_at": wanted_at}
        )
        problem = answer.json()
        return [] if answer.is_success else [e["code"] for e in problem["errors"] or [problem]]

    assert await submitted("elsewhere", 0) == ["not_ahead"]
    assert await submitted("elsewhere", 1) == ["too_short_notice"], "Monday to Friday, if nothing is known"
    assert await submitted("weekly-served", 10) == ["too_short_notice"], "two weeks on"
    assert await submitted("daily-served", 1) == ["too_short_notice"]
    assert await submitted("daily-served", 2) == []
