"""Summaries are choices of a person: saved, changed and removed by them alone, and no events."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest

from app.common.people import Role, rule_caller
from app.foundation.people.persons import EditPerson
from app.log.canonical import from_instant
from app.summaries.queries import MOST_SUMMARIES
from tests.client import Api, Json
from tests.people import act
from tests.summaries.conftest import PATH, Mailing


async def test_a_summary_is_of_whoever_saved_it_alone(mailing: Mailing) -> None:
    zhao, other = await mailing.api.client("Zhao"), await mailing.api.client("Olga", Role.admin)
    head = await mailing.api.head()
    saved = await mailing.save(zhao, cadence="week", weekday="fri", time_of_day="06:45")
    path = f"{PATH}/{saved['id']}"
    assert saved == await zhao.read(path) == (await zhao.read(PATH))["items"][0]
    assert (await other.read(PATH))["items"] == []
    daily = {"cadence": "day"}
    refused = (await other.get(path), await other.put(path, json=daily), await other.delete(path))
    assert [answer.status_code for answer in refused] == [404, 404, 404]
    stale = await zhao.put(path, json=daily, headers={"If-Match": '"7"'})
    assert (stale.status_code, stale.json()["version"]) == (412, 1)
    changed = await mailing.save(zhao, saved["id"])
    assert (changed["version"], changed["cadence"], changed["weekday"]) == (2, "day", None)
    tag = (await zhao.get(path)).headers["etag"]
    assert (await zhao.get(path, headers={"If-None-Match": tag})).status_code == 304
    assert [(await zhao.delete(path)).status_code for _ in range(2)] == [204, 404]
    assert await mailing.api.head() == head, "a choice is no fact of the service"
    assert (await mailing.api.with_token(None).get(PATH)).status_code == 401
    auditor = await mailing.api.client("Vera", Role.auditor)
    assert (await auditor.put(path, json=daily)).status_code == 403


async def test_a_replaced_secret_saves_no_summary(mailing: Mailing) -> None:
    zhao = await mailing.api.client("Zhao")
    key = await mailing.api.whole(zhao)
    assert key.token is not None
    await key.post_ok(f"/v1/keys/{UUID(key.token.split('_')[1])}/rotate")
    refused = await key.put(f"{PATH}/{uuid4()}", json={"cadence": "day"})
    assert (refused.status_code, refused.json()["code"]) == (403, "superseded_secret")
    assert (await zhao.read(PATH))["items"] == []


async def test_its_next_instant_is_told_with_the_zone_written_out(mailing: Mailing) -> None:
    zhao = await mailing.api.client("Zhao")
    organisation = mailing.api.ledger.settings.time_zone
    saved = await mailing.save(zhao, cadence="week", weekday="wed", time_of_day="21:15")
    assert saved["time_zone"] == organisation
    moment = from_instant(saved["next_at"]).astimezone(ZoneInfo(organisation))
    assert (moment.weekday(), moment.strftime("%H:%M")) == (2, "21:15")
    assert 0 < (moment - datetime.now(UTC)).total_seconds() <= 7 * 86_400
    own = EditPerson.model_validate({"time_zone": "Pacific/Auckland"})
    await act(mailing.api.ledger, rule_caller("tests"), "person", "edit", zhao.id, own)
    assert (await mailing.save(zhao))["time_zone"] == "Pacific/Auckland"
    assert (await mailing.save(zhao, time_zone="Asia/Kathmandu"))["time_zone"] == "Asia/Kathmandu"
    monthly = await mailing.save(zhao, cadence="month", day_of_month=31)
    assert (monthly["day_of_month"], monthly["weekday"]) == (31, None)


async def test_without_a_mail_server_none_is_announced(api: Api, mailing: Mailing) -> None:
    zhao = await api.client("Zhao")
    api.ledger.settings = api.ledger.settings.model_copy(update={"smtp_host": None})
    assert (await mailing.save(zhao))["next_at"] is None


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"cadence": "hour"}, "/cadence"),
        ({"cadence": "day", "time_of_day": "24:00"}, "/time_of_day"),
        ({"cadence": "day", "time_zone": "Mars/Olympus"}, "/time_zone"),
        ({"cadence": "month", "day_of_month": 32}, "/day_of_month"),
        ({"cadence": "day", "view": str(uuid4())}, "/view"),
        ({"cadence": "day", "at": "07:00"}, "/at"),
    ],
)
async def test_what_is_no_schedule_or_no_selection_of_theirs_is_refused(
    api: Api, body: Json, pointer: str
) -> None:
    answer = await (await api.client("Zhao")).put(f"{PATH}/{uuid4()}", json=body)
    assert answer.status_code == 422
    assert [fault["pointer"] for fault in answer.json()["errors"]] == [pointer]


async def test_a_view_of_a_list_is_no_selection_of_the_dashboard(api: Api) -> None:
    zhao, view_id = await api.client("Zhao"), uuid4()
    view = {"name": "New", "kind": "incident", "query": "state=new"}
    assert (await zhao.put(f"/v1/views/{view_id}", json=view)).status_code == 200
    answer = await zhao.put(f"{PATH}/{uuid4()}", json={"cadence": "day", "view": str(view_id)})
    assert answer.json()["errors"][0]["code"] == "no_such_selection"


async def test_nobody_has_more_than_ten(mailing: Mailing) -> None:
    zhao = await mailing.api.client("Zhao")
    saved = [await mailing.save(zhao) for _ in range(MOST_SUMMARIES)]
    refused = await zhao.put(f"{PATH}/{uuid4()}", json={"cadence": "day"})
    assert refused.json()["errors"][0]["code"] == "too_many_summaries"
    await mailing.save(zhao, saved[0]["id"], cadence="month")
    assert len((await zhao.read(PATH))["items"]) == MOST_SUMMARIES == 10
