"""What people want to be told of, and their notices, as the API has them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from app.common.notices import NoticeKind, NoticeType
from app.common.people import Role
from app.foundation.people.records import TeamKind
from app.notifications.mail import is_daily
from tests.automation.worker import Worker
from tests.client import Api, an_incident
from tests.extent import in_test_all

ALL = [step.value for step in NoticeType]
WAITING = [step.value for step in NoticeType if step.kind is NoticeKind.waits_for_you]
AT_ONCE = {f"mail_{kind}": "at_once" for kind in NoticeKind}
EVERYTHING = {"told_of": ALL, "told_by_mail": ALL, **AT_ONCE}


def test_a_notice_waits_for_the_daily_mail_if_nothing_in_it_is_wanted_at_once() -> None:
    notice = {"steps": ["assigned", "complaint_assigned"], "told_by_mail": None, **AT_ONCE}
    assert not is_daily(notice)
    assert not is_daily(notice | {"mail_you_follow": "daily"})
    assert is_daily(notice | {"mail_you_follow": "none", "mail_waits_for_you": "daily"})
    assert not is_daily(notice | {"mail_you_follow": "none", "mail_waits_for_you": "none"})


async def test_everybody_says_for_themselves_what_they_want(api: Api) -> None:
    person, other = await api.client("One"), await api.client("Other")
    assert await person.read("/v1/me/preferences") == EVERYTHING
    preferences = {"told_of": ["closed", "assigned"], "told_by_mail": ["closed"]}
    answer = await person.put("/v1/me/preferences", json=preferences)
    assert answer.status_code == 200, answer.text
    now = {
        "told_of": [step for step in ALL if step in {"assigned", "closed", *WAITING}],
        "told_by_mail": [step for step in ALL if step in {"closed", *WAITING}],
        **AT_ONCE,
    }
    assert answer.json() == await person.read("/v1/me/preferences") == now
    assert await other.read("/v1/me/preferences") == EVERYTHING
    refused = await other.post(f"/v1/persons/{person.id}/set_preferences", json=preferences)
    assert refused.status_code == 404
    row = await api.ledger.db.row("select type, actor from log.event order by position desc limit 1")
    assert row == {"type": "person.preferences_set", "actor": f"person:{person.id}"}


async def test_what_is_mailed_is_told_and_a_step_that_there_is_none_of_is_refused(api: Api) -> None:
    client = await api.client("One")
    answer = await client.put("/v1/me/preferences", json={"told_of": [], "told_by_mail": ["closed"]})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/told_by_mail/0")
    answer = await client.put("/v1/me/preferences", json={"told_of": ["born"], "told_by_mail": []})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/told_of/0")


async def test_notices_are_ones_own_unread_first_and_say_what_happened(api: Api) -> None:
    requester, agent = await api.client("Requester"), await api.client("Agent", Role.agent)
    other = await api.client("Other", Role.agent)
    worker = Worker(api.ledger)
    now = datetime.now(UTC)
    numbers = []
    for minute in range(3):
        record = await agent.post_ok("/v1/incidents", an_incident(requester=requester.id))
        numbers.append(record["number"])
        await worker.work(now + timedelta(minutes=4 * minute))
        await worker.work(now + timedelta(minutes=4 * minute + 2))
    items = (await requester.read("/v1/notices"))["items"]
    assert [notice["number"] for notice in items] == numbers[::-1]
    assert items[0]["text"].splitlines() == [
        f"{numbers[2]} was received: Mail does not arrive",
        "By: Agent",
        "Priority: P3 Moderate",
    ]
    assert (await other.read("/v1/notices"))["items"] == []
    assert (await other.get(f"/v1/notices/{items[0]['id']}")).status_code == 404

    read = await requester.post_ok(f"/v1/notices/{items[0]['id']}/mark_read")
    assert (read["state"], read["text"]) == ("read", items[0]["text"])
    items = (await requester.read("/v1/notices"))["items"]
    assert [notice["number"] for notice in items] == [numbers[1], numbers[0], numbers[2]]
    unread = await requester.read("/v1/notices", state="unread", count="exact", fields="text")
    assert unread["total"] == 2
    assert set(unread["items"][0]) == {"id", "version", "number", "text"}
    chinese = await requester.get(f"/v1/notices/{items[0]['id']}", headers={"Accept-Language": "zh"})
    assert chinese.json()["text"].splitlines()[0] == f"{numbers[1]} 已受理：Mail does not arrive"


@in_test_all
async def test_a_hold_says_what_is_waited_for(api: Api) -> None:
    requester, agent = await api.client("Requester"), await api.client("Agent", Role.agent, Role.engineer)
    await api.team("cabling-co", TeamKind.supplier)
    record = await agent.post_ok("/v1/incidents", an_incident(requester=requester.id))
    await agent.post_ok(f"/v1/incidents/{record['id']}/assign", {"person": "me"})
    await agent.post_ok(
        f"/v1/incidents/{record['id']}/hold", {"reason": "awaiting_vendor", "supplier": "cabling-co"}
    )
    worker = Worker(api.ledger)
    await worker.work(datetime.now(UTC))
    await worker.work(datetime.now(UTC) + timedelta(minutes=2))
    (notice,) = (await requester.read("/v1/notices"))["items"]
    assert notice["text"].splitlines()[-2] == f"{record['number']} is on hold: Awaiting a supplier."
    assert notice["steps"] == ["received", "assigned", "held"]


async def test_who_manages_a_record_reads_who_was_told_what_of_it_and_others_do_not(api: Api) -> None:
    requester, agent = await api.client("Requester"), await api.client("Agent", Role.agent)
    auditor = await api.client("Auditor", Role.auditor)
    outsider = await api.client("Outsider", Role.engineer)
    record = await agent.post_ok("/v1/incidents", an_incident(requester=requester.id))
    path = f"/v1/incidents/{record['id']}"
    worker, now = Worker(api.ledger), datetime.now(UTC)
    for minutes in (0, 2):
        await worker.work(now + timedelta(minutes=minutes))
    await agent.post_ok(f"{path}/assign", {"person": "me"})
    await agent.post_ok(f"{path}/comment", {"text": "We look.", "visibility": "public"})
    for minutes in (3, 5):
        await worker.work(now + timedelta(minutes=minutes))
    for reader in (agent, auditor):
        answer = await reader.read(f"{path}/notices")
        assert [(item["person"]["name"], item["steps"], item["kind"]) for item in answer["items"]] == [
            ("Requester", ["assigned", "commented"], "you_follow"),
            ("Requester", ["received"], "you_follow"),
        ]
        assert answer["next_cursor"] is None
    assert answer["items"][0]["mailed_at"] is None
    first = await agent.read(f"{path}/notices", limit="1")
    rest = await agent.read(f"{path}/notices", limit="1", cursor=first["next_cursor"])
    assert [*first["items"], *rest["items"]] == answer["items"]
    assert (await agent.get(f"{path}/notices", params={"cursor": "x"})).status_code == 400
    assert (await requester.get(f"{path}/notices")).status_code == 403
    assert (await outsider.get(f"{path}/notices")).status_code == 404


async def test_what_waits_for_somebody_is_mailed_at_once_or_daily_and_what_does_not_as_they_wish(
    api: Api,
) -> None:
    client = await api.client("One")
    preferences = {
        "told_of": ALL,
        "told_by_mail": ALL,
        "mail_waits_for_you": "daily",
        "mail_you_follow": "none",
    }
    answer = await client.put("/v1/me/preferences", json=preferences)
    assert answer.json() == EVERYTHING | preferences
    refused = await client.put("/v1/me/preferences", json=preferences | {"mail_waits_for_you": "none"})
    error = refused.json()["errors"][0]
    assert (refused.status_code, error["pointer"]) == (422, "/mail_waits_for_you")
