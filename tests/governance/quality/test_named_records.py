"""A record that comes from a finding names the finding only to those who may see it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from app.api.records.events import render_each
from app.common.people import Role, rule_caller
from app.common.records import all_codecs
from app.foundation.people.teams import EditTeam
from app.kernel.access.redaction import records_of
from app.kernel.histories.newest import NewestEvents, Sight
from app.registry import LIFECYCLES
from tests.client import Client, Json
from tests.extent import first_of
from tests.governance.quality.conftest import House, at
from tests.people import act
from tests.waiting import until


async def a_finding(house: House) -> Json:
    """A finding that only the quality manager, and the person responsible for it may see."""
    return await house.quality.post_ok(
        "/v1/findings",
        {
            "title": "Closed without a solution",
            "kind": "violation",
            "severity": "major",
            "process": "incident",
            "team": "network",
            "evidence": ["INC-2026-000001"],
            "description": "Nothing says what was done.",
            "person": house.second.id,
            "owner": house.second.id,
            "due_at": at(days=14),
        },
    )


async def a_correction(house: House, finding: Json) -> tuple[str, Json]:
    body = await house.correction() | {"source": f"finding/{finding['id']}", "occasion": "finding"}
    record = await house.quality.post_ok("/v1/corrective_actions", body)
    return f"/v1/corrective_actions/{record['id']}", record


async def a_process_change(house: House, finding: Json) -> tuple[str, Json]:
    owner = await house.api.client("Owner", Role.process_owner, Role.quality_manager)
    lead = EditTeam.model_validate({"lead": house.second.id})
    await act(house.api.ledger, rule_caller("tests"), "team", "edit", "network", lead)
    record = await owner.post_ok(
        "/v1/process_changes",
        {
            "title": "One step less",
            "process": "incident",
            "description": "Without the second check.",
            "reason": "Nobody makes it.",
            "teams": ["network"],
            "origin": f"finding/{finding['id']}",
        },
    )
    return f"/v1/process_changes/{record['id']}", record


async def newest_event(house: House, client: Client, position: int) -> Json:
    """The event at that position, as the live stream sends it to the client."""
    ledger, newest = house.api.ledger, NewestEvents(house.api.ledger)
    assert client.token is not None
    key = await ledger.directory.key(UUID(client.token.split("_")[1]))
    assert key is not None
    with newest.followed():
        newest.position = position - 1
        ledger.new_events.announce(position)

        async def is_read() -> bool:
            return newest.position >= position

        await until(is_read)
        events = newest.events_after(position - 1, 1)
        assert events is not None
        seen_event = Sight(ledger, newest, key.caller).seen_event(events[0])
    assert seen_event is not None
    (message,) = await render_each(ledger, [seen_event])
    event: Json = message["event"]
    return event


@pytest.mark.parametrize("make", first_of([a_correction, a_process_change], 2))
async def test_only_who_sees_the_finding_is_shown_its_name(house: House, make: Any) -> None:
    finding = await a_finding(house)
    names = {finding["number"], finding["id"]}
    path, record = await make(house, finding)
    assert any(name in str(record) for name in names), "its maker sees it"
    listed, _, record_id = path.rpartition("/")
    for reader, sees in ((house.quality, True), (house.agent, False), (house.first, False)):
        fields = "source_number,title" if make is a_correction else "origin"
        stream = f"{listed.removeprefix('/v1/')[:-1]}/{record_id}"
        answers: list[Any] = [
            await reader.read(path),
            (await reader.read(listed))["items"],
            (await reader.read(listed, fields=fields))["items"],
            (await reader.read(f"{path}/events"))["items"],
            (await reader.read("/v1/events", stream=stream))["items"],
        ]
        position = answers[-1][0]["position"]
        answers.append(await newest_event(house, reader, position))
        for answer in answers:
            assert any(name in str(answer) for name in names) == sees, (reader.id, answer)


#: Fields that name another record, and why everybody who sees them may see that record, too.
SHOWN = {
    ("notice", "about"): "a notice is for one person, about a record that they see",
    ("article", "case"): "an article that was written from a case is shown to staff with it, who see cases",
    ("article_use", "other"): "the use of an article is shown to staff, who see both ends",
    ("link", "other"): "a link is shown to those who see both ends, and its events to staff",
}


def test_each_field_that_names_another_record_is_shown_to_those_who_see_that_record() -> None:
    named = {
        (record.KIND, name): all_codecs(record)[name].names_record is not None
        for lifecycle in LIFECYCLES
        for record in records_of(lifecycle)
        for name, field in record.model_fields.items()
        if name in all_codecs(record) and "<kind>/<id>" in (field.description or "")
    }
    assert {key for key, is_marked in named.items() if not is_marked} <= SHOWN.keys()
    assert sum(named.values()) >= 5
