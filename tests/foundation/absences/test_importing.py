"""Absences taken from calendars: from a file, and from an address that a worker fetches."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from app.common.people import Role
from app.foundation.absences.fetching import fetch_due
from app.foundation.absences.lookups import LAST_FETCH
from app.log.follow import FOLLOW_LIMITS
from app.platform.db import Connection, connect
from app.platform.settings import Settings
from tests.client import Api, Client, Json
from tests.conftest import DatabaseUrls
from tests.extent import in_test_all
from tests.foundation.absences.test_absences import ABSENCES, away
from tests.foundation.absences.test_calendar_file import a_calendar
from tests.subscriptions.receivers import Received, Receiver, answer, receiving

CALENDARS = "/v1/absence_calendars"


@pytest.fixture
def settings() -> Settings:
    return Settings.model_construct(outward_networks="127.0.0.0/8", outward_http=True)


@pytest.fixture
async def connection(place: DatabaseUrls) -> AsyncIterator[Connection]:
    lent = await connect(place.url, FOLLOW_LIMITS)
    yield lent
    await lent.close()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as opened:
        yield opened


def an_event(uid: str, begin: int, length: int = 2) -> str:
    """An event of whole days, from so many days ahead."""
    first = datetime.now(UTC).date() + timedelta(days=begin)
    last = first + timedelta(days=length)
    summary = "SUMMARY:A secret plan"
    return f"UID:{uid}\n{summary}\nDTSTART;VALUE=DATE:{first:%Y%m%d}\nDTEND;VALUE=DATE:{last:%Y%m%d}"


async def planned(client: Client) -> list[int]:
    """The days on which their absences begin, in so many days."""
    items = (await client.read(ABSENCES, state="planned", sort="from_at"))["items"]
    today = datetime.now(UTC).date()
    return [(datetime.fromisoformat(item["from_at"]).date() - today).days for item in items]


async def test_a_file_is_compared_with_what_was_imported_before(api: Api) -> None:
    chen, deputy = await api.client("Chen", Role.engineer), await api.client("Lin", Role.agent)
    chen = await api.whole(chen)
    await chen.post_ok(ABSENCES, away(90, 91))
    text = a_calendar(an_event("a", 10), an_event("b", 20), an_event("c", 30)).decode()
    path = f"{ABSENCES}/import"
    nothing = dict.fromkeys(("planned", "changed", "removed", "unreadable", "absences_left_out"), 0)
    first = await chen.post(path, json={"calendar": text, "deputy": deputy.id})
    assert first.json() == {**nothing, "planned": 3, "unchanged": 0}, first.text
    again = await chen.post(path, json={"calendar": text})
    assert again.json() == {**nothing, "unchanged": 3}
    items = (await chen.read(ABSENCES, source="file", sort="from_at"))["items"]
    assert {item["deputy"]["id"] for item in items} == {deputy.id}
    assert "secret" not in (await chen.get(ABSENCES)).text
    # What was withdrawn by hand is not planned anew, and another time is for the calendar to say.
    await chen.post_ok(f"{ABSENCES}/{items[2]['id']}/withdraw")
    moved = {"from_at": items[0]["from_at"]}
    answer = await chen.patch(f"{ABSENCES}/{items[0]['id']}", json=moved, headers={"If-Match": "*"})
    assert answer.json()["errors"][0]["code"] == "kept_in_calendar"
    changed = a_calendar(an_event("a", 11), an_event("c", 30), an_event("d", 40)).decode()
    third = await chen.post(path, json={"calendar": changed})
    assert third.json() == {**nothing, "planned": 1, "changed": 1, "removed": 1, "unchanged": 0}
    assert await planned(chen) == [11, 40, 90]
    refused = await chen.post(path, json={"calendar": "no calendar"})
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "no_calendar")
    assert (await (await api.client("Zhao")).post(path, json={"calendar": text})).status_code == 403


async def test_an_event_that_can_no_longer_be_read_keeps_its_absence(api: Api) -> None:
    chen = await api.whole(await api.client("Chen", Role.engineer))
    weekly = f"{an_event('b', 20, 1)}\nRRULE:FREQ=WEEKLY;COUNT=2"
    events = (an_event("a", 10), weekly, an_event("c", 40))
    await chen.post(f"{ABSENCES}/import", json={"calendar": a_calendar(*events).decode()})
    broken = (
        "UID:a\nDTSTART:yesterday",
        weekly.replace("FREQ=WEEKLY", "FREQ=SOMETIMES"),
        "DTSTART:no event of anybody",
    )
    done = await chen.post(f"{ABSENCES}/import", json={"calendar": a_calendar(*broken).decode()})
    assert (done.json()["removed"], done.json()["unreadable"]) == (1, 3), "only c has vanished"
    assert await planned(chen) == [10, 20, 27]


@in_test_all
async def test_an_address_is_fetched_compared_and_its_failures_are_told(
    api: Api, connection: Connection, receiver: Receiver
) -> None:
    chen, colleague = await api.client("Chen", Role.engineer), await api.client("Lin", Role.agent)
    chen = await api.whole(chen)
    now = datetime.now(UTC)
    url = f"{receiver.url}?token=very-secret"
    calendar = await chen.post_ok(CALENDARS, {"url": url, "deputy": colleague.id})
    path = f"{CALENDARS}/{calendar['id']}"
    assert calendar["origin"] == f"http://127.0.0.1:{receiver.port}"
    assert (await colleague.get(path)).status_code == 404
    for text in ((await chen.get(path)).text, (await chen.get(f"{path}/events")).text):
        assert "very-secret" not in text
    stored = await api.ledger.db.rows("select data::text as row from log.told")
    assert not [row for row in stored if "very-secret" in row["row"]]

    async def fetched(answered: bytes, hours: float) -> Json:
        nonlocal now
        now += timedelta(hours=hours)

        def answers(request: Received) -> bytes:
            return answered

        receiver.answers = answers
        assert await fetch_due(api.ledger, connection, now)
        assert not await fetch_due(api.ledger, connection, now), "each is fetched once an hour"
        return await chen.read(f"{path}/status")

    status = await fetched(answer(404), 0)
    assert (status["failures"], status["failure"], status["fetched_at"]) == (1, "status", None)
    assert (await chen.read(path))["failing_because"] == "status", "a wrong address is told at once"
    file = a_calendar(an_event("a", 10), an_event("b", 20))
    status = await fetched(answer(200, file, etag='"1"'), 1)
    assert (status["failures"], status["absences"]) == (0, 2)
    assert (await chen.read(path))["failing_because"] is None
    assert await planned(chen) == [10, 20]
    await fetched(answer(304), 1)
    assert receiver.received[-1].headers["if-none-match"] == '"1"'
    assert receiver.received[-1].path.endswith("?token=very-secret")
    assert await planned(chen) == [10, 20]
    await fetched(answer(200, a_calendar(an_event("b", 21))), 1)
    assert await planned(chen) == [21]
    for failures, wrong in enumerate((b"x" * 1_100_000, b"<html>", b""), start=1):
        status = await fetched(answer(302 if failures == 3 else 200, wrong, location="http://10.0.0.1/"), 1)
        assert status["failures"] == failures
        assert ((await chen.read(path))["failing_because"] is None) is (failures < 3)
    assert await planned(chen) == [21], "what was taken stays"
    await chen.post_ok(f"{path}/end")
    assert not await fetch_due(api.ledger, connection, now + timedelta(days=1))
    row = await api.ledger.db.row(LAST_FETCH, (UUID(calendar["id"]),))
    assert row is not None
    assert "very-secret" not in str(row)


async def test_addresses_of_ones_own_network_are_refused(api: Api, connection: Connection) -> None:
    chen = await api.whole(await api.client("Chen", Role.engineer))
    api.ledger.settings = api.ledger.settings.model_copy(update={"outward_networks": ""})
    for url, code in (
        ("http://127.0.0.1/x.ics", "address_refused"),
        ("http://169.254.169.254/latest", "address_refused"),
        ("http://[::1]/x.ics", "address_refused"),
        ("http://user:pass@example.org/x.ics", "wrong_address"),
        ("file:///etc/passwd", "wrong_address"),
    ):
        refused = await chen.post(CALENDARS, json={"url": url})
        assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, code)
    # A name is looked at when it is connected to.
    named = await chen.post_ok(CALENDARS, {"url": "http://ip6-localhost/x.ics"})
    assert await fetch_due(api.ledger, connection, datetime.now(UTC))
    status = await chen.read(f"{CALENDARS}/{named['id']}/status")
    assert status["failure"] in ("address_refused", "unknown_host")
