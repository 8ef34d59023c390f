"""What follows by itself for agreements: warnings before their end, the end, and reviews that are due."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.automation.worker import Worker, by_rules
from tests.client import Api, Client
from tests.desk.test_pages import page
from tests.extent import in_test_all
from tests.service_levels.agreements.samples import EFFECTS, Parties, a_target, the_parties

END = datetime(2198, 12, 31, 16, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
async def parties(api: Api) -> Parties:
    return await the_parties(api)


@pytest.fixture
def worker(api: Api) -> Worker:
    return Worker(api.ledger)


async def told(parties: Parties, client: Client, step: str) -> int:
    """How many times a person has been told so."""
    query = "select count(*) from fold.notice where person_id = %s and %s = any(steps)"
    value: int = await parties.api.ledger.db.value(query, (client.id, step))
    return value


async def work(worker: Worker, now: datetime) -> None:
    await worker.work(now)
    await worker.work(now + timedelta(minutes=5))
    assert worker.failures == []


async def test_an_agreement_warns_three_times_before_it_expires_at_its_very_end(
    parties: Parties, worker: Worker
) -> None:
    path = await parties.signed("SLA", "finance", valid_to="2198-12-31")
    name = f"sla/{path.rpartition('/')[2]}"
    await work(worker, END - 100 * DAY)
    for days in (90, 30, 7):
        await work(worker, END - days * DAY)
    await work(worker, END + timedelta(hours=3))
    events = [e for e in await by_rules(parties.api.ledger, name) if not e.type.startswith("sla.review")]
    assert [(e.type, e.payload.get("days")) for e in events] == [
        ("sla.end_warned", 90),
        ("sla.end_warned", 30),
        ("sla.end_warned", 7),
        ("sla.expired", None),
    ]
    assert events[-1].occurred_at == END
    ended = await parties.manager.read(path)
    assert (ended["state"], ended["ended_at"]) == ("expired", "2198-12-31T16:00:00.000000Z")
    assert (await parties.manager.read("/v1/services/mail"))["promises"] is None
    for client in (parties.manager, parties.it, parties.leads["finance"]):
        assert await told(parties, client, "agreement_ends") > 0


@in_test_all
async def test_a_review_is_reminded_of_and_flagged_once_it_is_overdue(
    parties: Parties, worker: Worker
) -> None:
    path = await parties.signed("SLA", "finance", valid_from="2198-01-01", valid_to="2199-12-31")
    name = f"sla/{path.rpartition('/')[2]}"
    due = datetime(2198, 12, 31, 16, tzinfo=UTC)
    assert (await parties.manager.read(path))["review_due_at"] == "2198-12-31T16:00:00.000000Z"
    await work(worker, due - 31 * DAY)
    assert await by_rules(parties.api.ledger, name) == []
    await work(worker, due - 30 * DAY)
    await work(worker, due)
    assert [event.type for event in await by_rules(parties.api.ledger, name)] == [
        "sla.review_reminded",
        "sla.review_fell_overdue",
    ]
    for client in (parties.manager, parties.it, parties.leads["finance"]):
        assert await told(parties, client, "agreement_review_overdue") == 1
    reviewed = await parties.review(path)
    assert reviewed["review_overdue_at"] is None
    assert reviewed["review_due_at"] > reviewed["last_reviewed_at"]


async def test_whoever_answers_for_an_agreement_is_told_when_one_beneath_it_ends(
    parties: Parties, worker: Worker
) -> None:
    hour = 3600
    ola = await parties.signed("OLA", "mail-team", a_target("o1", "resolution", hour), valid_to="2198-12-31")
    target = a_target("t1", "resolution", 9 * hour)
    path = await parties.signed("SLA", "finance", target, rests_on=[ola.rpartition("/")[2]], gap_reason=None)
    assert (await parties.manager.read(path))["gap_since_at"] is None
    for minutes in (1, 7, 13):
        await work(worker, END + timedelta(minutes=minutes))
    assert (await parties.manager.read(ola))["state"] == "expired"
    assert (await parties.manager.read(path))["gap_since_at"] is not None
    for client in (parties.manager, parties.it):
        assert await told(parties, client, "agreement_gap") == 1


async def asked(client: Client) -> list[tuple[str, str]]:
    """What waits for somebody, by action."""
    return [(entry["action"], entry["number"]) for entry in (await client.read("/v1/me/work"))["asked"]]


async def test_what_is_to_be_signed_and_acknowledged_is_work_until_it_is_done(
    parties: Parties, worker: Worker
) -> None:
    ola = await parties.signed("OLA", "mail-team")
    path = await parties.drafted("SLA", "finance", rests_on=[ola.rpartition("/")[2]])
    customer, beneath = parties.leads["finance"], parties.leads["mail-team"]
    await parties.it.post_ok(f"{path}/negotiate", {"proposals": "As drafted."})
    await parties.manager.post_ok(f"{path}/submit_for_review", {"gap_reason": "Known."})
    await work(worker, datetime.now(UTC))
    await work(worker, datetime.now(UTC) + timedelta(minutes=10))
    number = (await parties.manager.read(path))["number"]
    assert [await asked(client) for client in (customer, parties.it)] == [[("sign", number)]] * 2
    notices = [item for item in (await customer.read("/v1/notices"))["items"] if "to_sign" in item["steps"]]
    assert [notice["kind"] for notice in notices] == ["waits_for_you"]
    assert "Please read it, then sign it for your side" in notices[0]["text"]
    await parties.sign(path, "finance")
    await work(worker, datetime.now(UTC) + timedelta(minutes=20))
    await work(worker, datetime.now(UTC) + timedelta(minutes=30))
    assert [await asked(client) for client in (customer, parties.it)] == [[], []]
    assert await asked(beneath) == [("acknowledge", number)]
    await beneath.post_ok(f"{path}/acknowledge")
    assert await asked(beneath) == []


@in_test_all
async def test_both_representatives_are_told_of_steps_and_leads_beneath_of_the_signature(
    parties: Parties, worker: Worker
) -> None:
    ola = await parties.signed("OLA", "mail-team")
    path = await parties.drafted("SLA", "finance", rests_on=[ola.rpartition("/")[2]])
    await work(worker, datetime.now(UTC))
    before = await told(parties, parties.leads["finance"], "agreement_moved")
    assert before > 0
    assert await told(parties, parties.leads["mail-team"], "to_acknowledge") == 0
    await parties.it.post_ok(f"{path}/negotiate", {"proposals": "As drafted."})
    await parties.manager.post_ok(f"{path}/submit_for_review", {"gap_reason": "Known."})
    await parties.sign(path, "finance")
    await work(worker, datetime.now(UTC) + timedelta(minutes=10))
    assert await told(parties, parties.leads["mail-team"], "to_acknowledge") == 1
    assert await told(parties, parties.leads["finance"], "agreement_moved") > before
    finance, it = [
        "\n".join(item["text"] for item in (await client.read("/v1/notices"))["items"])
        for client in (parties.leads["finance"], parties.it)
    ]
    number = (await parties.manager.read(path))["number"]
    assert f"Please sign the agreement {number}" in finance
    assert f"Both parties have signed the agreement {number}" in it


@pytest.mark.parametrize("refusal", ["negotiate", "refuse_consent"])
async def test_those_who_go_on_after_a_refusal_of_the_customer_find_it_in_their_work(
    parties: Parties, worker: Worker, refusal: str
) -> None:
    customer, manager, it = parties.leads["finance"], parties.manager, parties.it
    if refusal == "negotiate":
        path, next_step = await parties.submitted("SLA", "finance"), "submit_for_review"
        await it.post_ok(f"{path}/sign")
        reason = {"proposals": "Five hours."}
    else:
        path, next_step = await parties.signed("SLA", "finance"), "renew"
        await parties.review(path)
        await it.post_ok(f"{path}/renew", EFFECTS)
        reason = {"subject": "renew", "reason": "Too dear."}
    await work(worker, datetime.now(UTC))
    number = (await manager.read(path))["number"]
    assert (next_step, number) not in await asked(manager)
    await customer.post_ok(f"{path}/{refusal}", reason)
    await work(worker, datetime.now(UTC) + timedelta(minutes=10))
    assert (next_step, number) in await asked(manager)
    assert await asked(it), "the side that had consented is asked, too"
    waiting = (await page(manager, "/desk")).partition('id="waiting"')[2].partition("</section>")[0]
    assert f'href="/desk/sla/{number}/{next_step}"' in waiting
    if refusal == "negotiate":
        await manager.post_ok(f"{path}/submit_for_review", {"gap_reason": "Known."})
        assert (next_step, number) not in await asked(manager), "it was done"
