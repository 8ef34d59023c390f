"""What others ask of licences and examinations: who has none, who has passed, whether that still holds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from app.foundation.licences.lookups import licences_of, training_results, unlicensed
from app.kernel.access.reads import ReadContext
from tests.client import Client
from tests.processes.trainings.conftest import School, marked


def reading(school: School) -> ReadContext:
    """The reads of a command."""
    ledger = school.api.ledger
    return ReadContext(ledger.db, ledger.lifecycles, ledger.directory)


def ids(*clients: Client) -> list[UUID]:
    return [UUID(client.id) for client in clients]


async def test_who_has_no_valid_licence_for_the_process_and_the_skills_is_named_in_order(
    school: School,
) -> None:
    await school.licensed(school.first, skills=["triage"])
    now, both = datetime.now(UTC), ids(school.second, school.first)
    none, first = ids(school.second), ids(school.first)
    assert await unlicensed(reading(school), both, "incident", now) == none
    assert await unlicensed(reading(school), both, "incident", now, ["triage"]) == none
    assert await unlicensed(reading(school), both, "incident", now, ["handling"]) == both
    assert await unlicensed(reading(school), both, "change", now) == both
    assert await unlicensed(reading(school), both, "incident", now + timedelta(days=800)) == both
    assert await unlicensed(reading(school), first, "incident", now - timedelta(days=1)) == first
    await school.licensed(school.first, skills=["handling"])
    now = datetime.now(UTC)
    assert await unlicensed(reading(school), first, "incident", now, ["triage", "handling"]) == []


async def test_a_command_that_relies_on_a_licence_is_decided_again_if_it_is_revoked_meanwhile(
    school: School,
) -> None:
    path = await school.licensed(school.first)
    reads = reading(school)
    [licences] = (await licences_of(reads, ids(school.first), "incident", datetime.now(UTC))).values()
    [licence] = licences
    body = {"licence": str(licence.id), "reason": "They do it otherwise."}
    await school.quality.post_ok(f"{path}/revoke_licence", body)
    head = "select version from log.stream_head where stream = %s"
    stream = str(licence.record)
    assert await school.api.ledger.db.value(head, (stream,)) == reads.versions[stream] + 1
    after = await unlicensed(reading(school), ids(school.first), "incident", datetime.now(UTC))
    assert after == ids(school.first)


async def test_the_results_of_a_training_are_looked_up_by_its_number(school: School) -> None:
    path = await school.held(school.first, school.second, topics=["own_duty"])
    marks = [
        {**marked(client, mark), "marks": {"own_duty": mark}}
        for client, mark in ((school.first, 60), (school.second, 59))
    ]
    await school.quality.post_ok(f"{path}/examine", {"results": marks})
    reads = reading(school)
    outcome = await training_results(reads, path.rpartition("/")[2])
    assert outcome is not None
    assert (set(outcome.topics), set(outcome.passed)) == ({"own_duty"}, set(ids(school.first)))
    assert outcome.attended == set(ids(school.first, school.second))
    everybody = ids(school.guest, school.first, school.second)
    assert outcome.not_passed(everybody) == ids(school.guest, school.second)
    assert outcome.training.row_key in reads.versions
    assert await training_results(reads, "TRN-2026-999999") is None
