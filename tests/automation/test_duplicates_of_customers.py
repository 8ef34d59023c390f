"""Duplicates keep customers apart: nobody reads another customer's words, files or names through a merge, and
the requester of a duplicate hears of the original's progress all the same.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from app.common.people import Role, rule_caller
from app.log.read import stream_events
from app.processes.incidents.payloads import PassOnCommentIncident
from app.ticketing.followers import FollowTicket
from tests.automation.worker import Worker
from tests.client import Api, Client, an_incident
from tests.extent import first_of
from tests.people import act

CUSTOMERS = ("ash", "birch", "cedar")
LISTS = ("comments", "attachments", "followers", "events", "links", "notices", "alerts", "tags", "onlookers")


@dataclass
class Desk:
    """An agent, two persons of each of three customers, and a worker."""

    api: Api
    agent: Client
    customers: dict[str, list[Client]]
    worker: Worker

    async def work(self) -> None:
        """The worker does what follows, and sends notices."""
        for seconds in (0, 61):
            await self.worker.work(datetime.now(UTC) + timedelta(seconds=seconds))
        assert self.worker.failures == []

    async def report(self, person: Client, marker: str) -> str:
        """An incident with that marker in its words. Gives its number."""
        body = an_incident(title=f"Title of {marker}", description=f"Words of {marker}")
        return str((await person.post_ok("/v1/incidents", body))["number"])

    async def merge(self, duplicate: str, original: str) -> bool:
        """Return whether the agent could mark it."""
        path = f"/v1/incidents/{duplicate}/mark_duplicate"
        return (await self.agent.post(path, json={"original": original})).status_code == 200

    async def comment(self, person: Client, incident: str, marker: str) -> str:
        """The person comments with that marker. Gives the comment's id."""
        path = f"/v1/incidents/{incident}"
        body = {"text": f"Comment of {marker}", "folded": f"> Quotation of {marker}"}
        await person.post_ok(f"{path}/comment", body)
        return str((await person.read(f"{path}/comments"))["items"][-1]["id"])

    async def attach(self, person: Client, incident: str, marker: str) -> None:
        """The person attaches a file with that marker in its name and content."""
        upload = await person.put(f"/v1/uploads/{uuid4()}", content=f"Content of {marker}".encode())
        body = {"upload": upload.json()["id"], "name": f"File of {marker}.txt"}
        await person.post_ok(f"/v1/incidents/{incident}/attach", body)


@pytest.fixture
async def desk(api: Api) -> Desk:
    agent = await api.client("Dana Agent", Role.agent)
    customers = {}
    for customer in CUSTOMERS:
        await api.team(customer)
        names = (f"{word} of {customer}" for word in ("Olu", "Mia"))
        customers[customer] = [await api.client(name, teams=(customer,)) for name in names]
    return Desk(api, agent, customers, Worker(api.ledger))


async def everything(person: Client, incidents: list[str]) -> str:
    """All that the person can read of these incidents, as one text."""
    texts = []
    for incident in incidents:
        path = f"/v1/incidents/{incident}"
        answer = await person.get(path, params={"expand": "*"})
        if answer.status_code != 200:
            answer = await person.get(path)
        texts.append(answer.text if answer.status_code == 200 else "")
        for name in LISTS:
            answer = await person.get(f"{path}/{name}")
            texts.append(answer.text if answer.status_code == 200 else "")
            if name == "attachments" and answer.status_code == 200:
                for file in answer.json()["items"]:
                    content = await person.get(f"{path}/attachments/{file['id']}/content")
                    texts.append(content.text)
    for path in ("/v1/incidents", "/v1/incidents?q=of", "/v1/notices", "/v1/events?limit=200"):
        answer = await person.get(path)
        texts.append(json.dumps(answer.json(), ensure_ascii=False))
    return "\n".join(texts)


async def nobody_reads_of_others(desk: Desk, incidents: list[str]) -> None:
    await desk.work()
    for customer, persons in desk.customers.items():
        for person in persons:
            text = await everything(person, incidents)
            for other in set(CUSTOMERS) - {customer}:
                place = text.find(f"of {other}")
                assert place < 0, f"{customer} reads {text[max(0, place - 300) : place + 60]}"


@pytest.mark.parametrize("seed", first_of([1, 2], 1))
async def test_nobody_reads_of_another_customer_through_random_merges(desk: Desk, seed: int) -> None:
    chance = random.Random(seed)
    incidents: list[tuple[str, str, Client]] = []
    for n in range(7):
        customer = CUSTOMERS[n % 3]
        person = chance.choice(desk.customers[customer])
        incidents.append((await desk.report(person, f"{customer} {n}"), customer, person))
    for _ in range(22):
        number, customer, person = chance.choice(incidents)
        match chance.choice(("merge", "merge", "comment", "attach", "follow", "work")):
            case "merge":
                await desk.merge(number, chance.choice(incidents)[0])
            case "comment":
                await desk.comment(person, number, f"{customer} commented")
            case "attach":
                await desk.attach(person, number, f"{customer} attached")
            case "follow":
                colleague = chance.choice(desk.customers[customer])
                body = {"person": colleague.id}
                await desk.agent.post(f"/v1/incidents/{number}/follow", json=body)
            case _:
                await desk.work()
    await nobody_reads_of_others(desk, [number for number, *_ in incidents])


async def test_within_a_customer_comments_and_files_reach_the_original(desk: Desk) -> None:
    olu, mia = desk.customers["ash"]
    reporters = (olu, mia, mia)
    original, between, last = [await desk.report(each, f"ash {n}") for n, each in enumerate(reporters)]
    assert await desk.merge(last, between)
    assert await desk.merge(between, original)
    await desk.comment(mia, last, "ash commented")
    await desk.attach(mia, last, "ash attached")
    await desk.work()
    path = f"/v1/incidents/{original}"
    (comment,) = (await olu.read(f"{path}/comments"))["items"]
    assert comment["text"] == f"{last}: Comment of ash commented"
    assert comment["folded"] == "> Quotation of ash commented"
    (file,) = (await olu.read(f"{path}/attachments"))["items"]
    assert (file["name"], file["author"]["name"]) == ("File of ash attached.txt", "Mia of ash")
    content = await olu.get(f"{path}/attachments/{file['id']}/content")
    assert content.text == "Content of ash attached"
    await act(desk.api.ledger, rule_caller("tests"), "person", "erase", UUID(mia.id))
    desk.api.ledger.vault.forget()
    assert (await olu.get(f"{path}/attachments/{file['id']}/content")).status_code == 410


async def test_within_a_customer_what_was_written_before_the_merge_reaches_the_original(desk: Desk) -> None:
    (olu, mia), (other, _) = desk.customers["ash"], desk.customers["birch"]
    original, between, last, foreign = [
        await desk.report(each, "its words") for each in (olu, mia, mia, other)
    ]
    for person, duplicate in ((mia, last), (other, foreign)):
        comment = await desk.comment(person, duplicate, "before")
        correction = {"comment": comment, "text": "Corrected"}
        await person.post_ok(f"/v1/incidents/{duplicate}/correct_comment", correction)
        await desk.attach(person, duplicate, "before")
    assert await desk.merge(last, between)
    await desk.work()
    assert await desk.merge(between, original)
    assert await desk.merge(foreign, original)
    await desk.work()
    for _ in range(2):
        path = f"/v1/incidents/{original}"
        comments = (await desk.agent.read(f"{path}/comments"))["items"]
        assert [comment["text"] for comment in comments] == [f"{last}: Corrected"]
        assert [comment["folded"] for comment in comments] == ["> Quotation of before"]
        (file,) = (await olu.read(f"{path}/attachments"))["items"]
        assert file["name"] == "File of before.txt"
        content = await olu.get(f"{path}/attachments/{file['id']}/content")
        assert content.text == "Content of before"
        await desk.agent.post_ok(f"/v1/incidents/{between}/reopen", {"reason": "It is another fault."})
        assert await desk.merge(between, original)
        await desk.work()


async def test_staff_read_on_the_original_what_another_customer_wrote(desk: Desk) -> None:
    (olu, _), (other, _) = desk.customers["ash"], desk.customers["birch"]
    original, duplicate = await desk.report(olu, "ash"), await desk.report(other, "birch")
    assert await desk.merge(duplicate, original)
    await desk.comment(other, duplicate, "birch commented")
    await desk.attach(other, duplicate, "birch attached")
    await nobody_reads_of_others(desk, [original, duplicate])
    text = await everything(desk.agent, [original])
    assert f"{duplicate}: Comment of birch commented" in text
    assert "Content of birch attached" in text
    assert (await other.get(f"/v1/incidents/{original}")).status_code == 404


async def test_the_requester_of_a_duplicate_hears_of_progress_and_outcome(desk: Desk) -> None:
    (olu, _), (other, _) = desk.customers["ash"], desk.customers["birch"]
    original, duplicate = await desk.report(olu, "ash"), await desk.report(other, "birch")
    assert await desk.merge(duplicate, original)
    path = f"/v1/incidents/{original}"
    await desk.agent.post_ok(f"{path}/assign", {"person": "me"})
    await desk.agent.post_ok(f"{path}/acknowledge")
    await desk.work()
    await desk.agent.post_ok(f"{path}/resolve", {"resolution_code": "fixed", "done": "Secret of ash."})
    await nobody_reads_of_others(desk, [original, duplicate])
    notices = (await other.read("/v1/notices"))["items"]
    steps = [step["step"] for notice in notices for step in notice["told"]]
    assert {"original_progressed", "original_resolved"} <= set(steps)
    details: list[dict[str, Any]] = [
        detail for notice in notices for step in notice["told"] for detail in step["details"]
    ]
    assert "Acknowledged" in [detail["value"] for detail in details]
    own_notices = (await olu.read("/v1/notices"))["items"]
    assert not any("original" in step["step"] for notice in own_notices for step in notice["told"])


async def test_what_was_passed_on_before_customers_were_kept_apart_is_taken_back(desk: Desk) -> None:
    (olu, mia), (other, _) = desk.customers["ash"], desk.customers["birch"]
    original, duplicate = await desk.report(olu, "ash"), await desk.report(other, "birch")
    assert await desk.merge(duplicate, original)
    await desk.comment(other, duplicate, "birch commented")
    ledger, by = desk.api.ledger, rule_caller("pass_on_followers")
    for person in (other, mia):
        await act(ledger, by, "incident", "follow", original, FollowTicket(person=person.id))
    key = await ledger.db.value("select split_part(text, ':', 2) from fold.comment")
    body = PassOnCommentIncident(
        number=duplicate, author=other.id, text="Comment of birch commented", text_key=key
    )
    await act(ledger, rule_caller("pass_on_comments"), "incident", "pass_on_comment", original, body)
    assert (await other.get(f"/v1/incidents/{original}")).status_code == 200
    await nobody_reads_of_others(desk, [original, duplicate])
    followers = (await desk.agent.read(f"/v1/incidents/{original}/followers"))["items"]
    assert [each["person"]["id"] for each in followers] == [mia.id]
    record = await ledger.db.value(
        "select 'incident/' || id from fold.incident where number = %s", (original,)
    )
    assert "incident.comment_restricted" in [event.type for event in await stream_events(ledger.db, record)]


async def test_followers_from_before_read_no_words_of_duplicates_and_of_chains(desk: Desk) -> None:
    (olu, mia), (other, _), (third, _) = (desk.customers[customer] for customer in CUSTOMERS)
    reporters = ((olu, "ash"), (other, "birch"), (mia, "ash"), (third, "cedar"))
    original, between, last, far = [await desk.report(each, name) for each, name in reporters]
    for duplicate, to in ((last, between), (between, original), (far, between)):
        assert await desk.merge(duplicate, to)
    await desk.attach(mia, last, "ash attached")
    ledger = desk.api.ledger
    # As the rules of an earlier version did: everybody along the chain follows, and words go to everybody.
    for incident, person in ((between, third), (between, mia), (original, other), (original, third)):
        body = FollowTicket(person=person.id)
        await act(ledger, rule_caller("pass_on_followers"), "incident", "follow", incident, body)
    guest = await desk.api.client("Guest of nobody", teams=("birch",))
    await desk.agent.post_ok(f"/v1/incidents/{original}/follow", {"person": guest.id})
    await desk.comment(mia, last, "ash commented")
    key = await ledger.db.value("select split_part(text, ':', 2) from fold.comment limit 1")
    copy = PassOnCommentIncident(number=last, author=mia.id, text="Comment of ash commented", text_key=key)
    for incident in (between, original):
        await act(ledger, rule_caller("pass_on_comments"), "incident", "pass_on_comment", incident, copy)
    assert "Comment of ash" in await everything(other, [between])
    await nobody_reads_of_others(desk, [original, between, last, far])
    text = await everything(guest, [original])
    assert "Title of ash" in text, "an agent has let them follow the original"
    assert "Comment of ash" not in text
    assert "File of ash" not in text
