"""The document of a training is kept by the actions that every kind has which files documents: acknowledged,
lent, held, and destroyed by two people, from the register to the events of the training.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from app.common.people import Role
from app.foundation.documents.keeping.actions import KEPT_ACTIONS
from app.foundation.documents.keeping.records import KEPT_CHILDREN
from app.foundation.documents.keeping.retention import YEARS
from app.foundation.documents.records import DocumentEntry, Importance
from app.registry import LIFECYCLES
from tests.automation.worker import Worker
from tests.client import Client, Json
from tests.desk.test_pages import page
from tests.extent import in_test_all
from tests.processes.trainings.conftest import School, said

REASON = {"reason": "The year is over."}
OWN_KIND = "document"


async def registered(client: Client) -> Json:
    """The one document of the register, with what the client may do with it."""
    (item,) = (await client.read("/v1/documents", include="actions"))["items"]
    return item  # type: ignore[no-any-return]  # JSON


@in_test_all
async def test_a_trainings_document_lives_until_two_people_destroy_it(
    school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(YEARS, Importance.general, 0)
    path = await school.held(school.first)
    item = await registered(school.quality)
    assert (item["kind"], item["state"]) == ("training", "published")
    assert (
        {"acknowledge_document", "lend_document", "archive_document"} <= set(item["actions"]) <= KEPT_ACTIONS
    )
    assert "lend_document" not in (await registered(school.first))["actions"]

    await school.first.post_ok(f"{path}/acknowledge_document")
    await school.quality.post_ok(f"{path}/hold_document", {"document": item["id"], "reason": "A lawsuit."})
    await school.quality.post_ok(f"{path}/archive_document", REASON)
    held = await school.quality.post(f"{path}/ask_document_destruction", json={})
    assert (held.status_code, held.json()["code"]) == (409, "document_held")
    await school.quality.post_ok(f"{path}/release_document_hold", REASON)
    await school.quality.post_ok(f"{path}/ask_document_destruction")
    alone = await school.quality.post(f"{path}/destroy_document", json={})
    assert (alone.status_code, alone.json()["code"]) == (403, "separation_of_duties")
    second = await school.api.client("Second", Role.quality_manager)
    training = await second.post_ok(f"{path}/destroy_document")
    assert training["state"] == "held", "the training goes on"

    assert (await registered(school.quality))["state"] == "destroyed"
    assert (await school.quality.read(f"{path}/document_sections"))["items"] == []
    events = [event["type"] for page in await school.quality.pages(f"{path}/events") for event in page]
    assert events[-6:] == [
        "training.document_acknowledged",
        "training.document_held",
        "training.document_archived",
        "training.document_hold_released",
        "training.document_destruction_asked",
        "training.document_destroyed",
    ]


async def test_the_list_of_documents_leads_each_reader_to_the_record_of_each(school: School) -> None:
    await school.held(school.first)
    for reader in (school.quality, school.first):
        for query in ("", "?fields=title"):
            html = await page(reader, f"/desk/document{query}")
            (address,) = re.findall(r'<td class="wide"[^>]*><a href="([^"]*)">', html)
            assert (await reader.get(address)).status_code == 200, address


async def test_the_record_of_a_training_prints_with_attendance_and_marks(school: School) -> None:
    path = await school.licensed(school.first, school.second)
    (item,) = (await school.quality.read(f"{path}/documents"))["items"]
    address = f"{path}/documents/{item['number']}"
    chinese = (await school.quality.get(address, params={"lang": "zh"})).text
    words = ("What is new.", "triage、handling", "课堂", "及格分", "有哪些新内容 90")
    assert [word for word in words if word not in chinese] == []
    signing = chinese.partition('class="signatures"')[2]
    roles = ("登记人", "考核人", "参训人", "Quality", "First", "Second")
    assert [name for name in roles if name not in signing] == []
    english = (await school.first.get(address, params={"lang": "en"})).text
    assert "Signature and date" in english
    stranger = await school.api.client("Stranger")
    assert (await stranger.get(address)).status_code == 404
    of_guest = await school.guest.get(address, params={"lang": "zh"})
    assert ("First" in of_guest.text, "有哪些新内容 90" in of_guest.text) == (True, False)


async def test_whoever_objects_is_not_asked_to_sign_as_having_attended(school: School) -> None:
    path = await school.held(school.first, school.second)
    await school.second.post_ok(f"{path}/object_to_statement", {"objection": "I was on leave."})
    (entry,) = (await school.quality.read(f"{path}/documents"))["items"]
    page = (await school.quality.get(f"{path}/documents/{entry['number']}", params={"lang": "en"})).text
    facts, _, signing = page.partition('class="signatures"')
    assert re.search(r"Second\s*<td>No: objected on \d{4}-", facts)
    assert re.search(r"First\s*<td>Yes", facts)
    assert ("First" in signing, "Second" in signing) == (True, False)


async def test_the_owner_of_one_process_trains_for_it_and_for_no_other(school: School) -> None:
    owner = await school.api.client("Owner", "process_owner@process/incident")
    training = await owner.post_ok("/v1/trainings", said())
    assert training["process"] == "incident"
    assert (await owner.post("/v1/trainings", json=said(process="change"))).status_code == 403


async def test_whoever_objects_after_the_examination_leaves_the_result_to_be_looked_at_again(
    school: School,
) -> None:
    owner = await school.api.client("Owner", Role.process_owner)
    path = await school.licensed(school.first)
    await school.first.post_ok(f"{path}/object_to_statement", {"objection": "I was ill."})
    worker, now = Worker(school.api.ledger), datetime.now(UTC)
    await worker.work(now)
    await worker.work(now + timedelta(minutes=2))
    steps = [step for notice in (await owner.read("/v1/notices"))["items"] for step in notice["steps"]]
    assert "statement_objected" in steps


def test_every_kind_that_files_documents_keeps_and_prints_them(school: School) -> None:
    filing = [lifecycle for lifecycle in LIFECYCLES if DocumentEntry in lifecycle.children]
    assert len(filing) > 5
    paths = {getattr(route, "path", "") for route in school.quality.app.routes}
    for lifecycle in filing:
        # A document of its own is a file, and a definition of a process is a page itself.
        if lifecycle.kind not in (OWN_KIND, "process_definition"):
            assert f"/v1/{lifecycle.plural}/{{id}}/documents/{{number}}" in paths, lifecycle.kind
        assert set(KEPT_CHILDREN) <= set(lifecycle.children), lifecycle.kind
        if lifecycle.kind != OWN_KIND:
            assert lifecycle.action_names >= KEPT_ACTIONS, lifecycle.kind
