"""Restricted documents are listed to staff who may not read them, who ask and are answered; secret ones are
known to nobody whom they are not for.
"""

from __future__ import annotations

from datetime import timedelta

from app.common.people import Role
from app.log.canonical import instant
from tests.automation.worker import Worker
from tests.client import Client, Json
from tests.extent import in_test_all
from tests.governance.documents.conftest import AHEAD, Office

PURPOSE: Json = {"purpose": "For the audit of this year."}


async def told(office: Office, client: Client) -> list[str]:
    """What the client was told, some minutes later: what falls into one minute is told together."""
    worker = Worker(office.api.ledger)
    for minutes in (2, 5):
        await worker.work(office.calendar.now() + timedelta(minutes=minutes))
    notices = (await client.read("/v1/notices"))["items"]
    return [step for notice in notices for step in notice["steps"]]


@in_test_all
async def test_a_paper_copy_that_is_not_back_in_time_is_flagged_once_and_its_borrower_told(
    office: Office,
) -> None:
    path = await office.published(office.reader)
    until_at = instant(office.calendar.now() + timedelta(days=7))
    loan = {"place": "Shelf 4", "borrower": office.reader.id, "until_at": until_at}
    for place in ("Shelf 4", "Shelf 5"):
        await office.quality.post_ok(f"{path}/lend", loan | {"place": place})
    loans = (await office.quality.read(f"{path}/document_loans"))["items"]
    await office.quality.post_ok(f"{path}/return", {"loan": loans[0]["id"]})
    for days in (6, 30):
        office.calendar.move_on(days=days)
        steps = await told(office, office.reader)
        flags = [
            overdue_at
            for each in (await office.quality.read(f"{path}/document_loans"))["items"]
            if (overdue_at := each["overdue_at"])
        ]
        assert flags == ([] if days == 6 else [until_at])
        assert steps.count("document_loan_overdue") == len(flags)
    # Who manages quality sees what others were told, too: the reader, and two of their own.
    assert (await told(office, office.quality)).count("document_loan_overdue") == 3


async def listed(client: Client, **query: object) -> list[Json]:
    """What the client is listed to ask for."""
    items: list[Json] = (await client.read("/v1/documents/requestable", **query))["items"]
    return items


async def test_staff_are_listed_what_they_may_not_read_and_never_its_content(office: Office) -> None:
    path = await office.published()
    (item,) = await listed(office.stranger)
    assert item == {
        "id": path.rpartition("/")[2],
        "number": item["number"],
        "document_class": "PR",
        "subclass": None,
        "title": "How incidents are taken up",
        "importance": "general",
        "confidentiality": "restricted",
        "author": {"id": office.author.id, "name": "Author"},
        "published_at": item["published_at"],
        "access_request": None,
    }
    assert await listed(office.stranger, q="Incidents ARE") == [item]
    assert await listed(office.stranger, q="nothing of it") == []
    for client in (office.author, office.quality):
        assert await listed(client) == [], "they read it"
    refused = await office.reader.get("/v1/documents/requestable")
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")


async def test_nobody_knows_of_secret_documents_and_drafts_whom_they_are_not_for(office: Office) -> None:
    for path in (await office.published(confidentiality="secret"), await office.drafted()):
        answer = await office.stranger.post(f"{path}/request_access", json=PURPOSE)
        assert answer.status_code == 404, answer.text
    assert await listed(office.stranger) == []
    path = await office.published()
    for client in (office.reader, await office.api.client("Customer", Role.requester)):
        answer = await client.post(f"{path}/request_access", json=PURPOSE)
        assert answer.status_code == (200 if client is office.reader else 404), answer.text


async def test_a_stranger_who_asks_sees_nothing_more_until_it_is_granted(office: Office) -> None:
    path = await office.published()
    answered = await office.stranger.post_ok(f"{path}/request_access", PURPOSE)
    assert answered == (await listed(office.stranger))[0]
    assert answered["access_request"]["purpose"] == PURPOSE["purpose"]
    assert (await office.stranger.get(path)).status_code == 404
    again = await office.stranger.post(f"{path}/request_access", json=PURPOSE)
    assert (again.status_code, again.json()["code"]) == (409, "access_requested_already")
    for client in (office.author, office.quality, office.second):
        assert "document_access_requested" in await told(office, client)
    grant = {"person": office.stranger.id, "until_at": AHEAD}
    await office.author.post_ok(f"{path}/grant_access", grant)
    assert (await office.stranger.get(path)).status_code == 200
    assert await listed(office.stranger) == []
    assert "document_access_granted" in await told(office, office.stranger)


@in_test_all
async def test_who_is_refused_is_told_and_reads_why_and_may_ask_again(office: Office) -> None:
    path = await office.published()
    refusal = {"person": office.stranger.id, "refusal_reason": "The summary says it all."}
    early = await office.author.post(f"{path}/refuse_access", json=refusal)
    assert (early.status_code, early.json()["code"]) == (409, "access_not_requested")
    await office.stranger.post_ok(f"{path}/request_access", PURPOSE)
    await office.author.post_ok(f"{path}/refuse_access", refusal)
    (item,) = await listed(office.stranger)
    assert item["access_request"]["refusal_reason"] == "The summary says it all."
    assert item["access_request"]["refused_at"] is not None
    assert await told(office, office.stranger) == ["document_access_refused"]
    (notice,) = (await office.stranger.read("/v1/notices"))["items"]
    assert notice["title"] is None
    assert "incidents" not in str(notice), "it is answered without what it does not say"
    assert (await office.stranger.get(path)).status_code == 404
    await office.stranger.post_ok(f"{path}/request_access", PURPOSE)


async def test_asking_opens_no_other_way_to_it(office: Office) -> None:
    path = await office.published()
    await office.stranger.post_ok(f"{path}/request_access", PURPOSE)
    for listing in ("events", "document_versions", "document_access_requests"):
        assert (await office.stranger.get(f"{path}/{listing}")).status_code == 404, listing


async def test_a_secret_document_is_given_by_somebody_else_to_staff_for_some_months(office: Office) -> None:
    path = await office.published(confidentiality="secret")
    soon = (office.calendar.now() + timedelta(days=30)).isoformat()
    grant = {"person": office.stranger.id, "until_at": soon}
    alone = await office.author.post(f"{path}/grant_access", json=grant)
    assert (alone.status_code, alone.json()["code"]) == (403, "separation_of_duties")
    customer = await office.api.client("Customer", Role.requester)
    for body, because in (
        ({**grant, "person": customer.id}, "secret_for_staff"),
        ({**grant, "until_at": AHEAD}, "access_too_long"),
    ):
        refused = await office.quality.post(f"{path}/grant_access", json=body)
        assert [error["code"] for error in refused.json()["errors"]] == [because]
    loan = {"place": "Shelf 4", "borrower": office.stranger.id, "until_at": soon}
    refused = await office.quality.post(f"{path}/lend", json=loan)
    assert [error["code"] for error in refused.json()["errors"]] == ["may_not_read"]
    await office.quality.post_ok(f"{path}/grant_access", grant)
    await office.quality.post_ok(f"{path}/lend", loan)
    await office.quality.post_ok(f"{path}/lend", {**loan, "borrower": office.reader.id})
