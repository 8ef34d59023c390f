"""Contributions of a quarter equal what a plain loop over all events counts; those concerned see them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.common.people import Role
from app.log import read
from app.log.follow import FOLLOW_LIMITS
from app.platform.db import connect
from tests.client import RESOLVED, Api, Client, an_incident
from tests.extent import WHOLE
from tests.processes.articles.test_articles import published
from tests.processes.improvements.samples import Improvers, a_judgement, improvers_of

PATH = "/v1/recognitions/contributions"
NOW = datetime.now(UTC)
QUARTER = f"{NOW.year}-Q{(NOW.month + 2) // 3}"
COUNTED = (
    *("suggestions_selected", "suggestions_standardised", "articles_used", "ratings_of_5"),
    "findings_self_found",
)


@pytest.fixture
async def improvers(api: Api) -> AsyncIterator[Improvers]:
    follower = await connect(api.ledger.db.url, FOLLOW_LIMITS)
    yield await improvers_of(api, follower)
    await follower.close()


@dataclass
class Log:
    """What all events together say: the fields of each row, and the streams that had events of interest."""

    fields: dict[str, dict[str, Any]]
    streams: dict[str, dict[str, None]]
    uses: list[tuple[str, Any]]


async def read_log(api: Api) -> Log:
    """All events, one after the other."""
    log = Log({}, {"improvement_suggestion.selected": {}, "improvement.standardised": {}}, [])
    rows = await api.ledger.db.rows("select distinct stream from log.event order by stream")
    for row in rows:
        for event in await read.stream_events(api.ledger.db, row["stream"]):
            for key, changed in event.data["set"].items():
                log.fields.setdefault(key, {"parent": event.stream}).update(changed or {})
                if key.startswith("article_use/") and event.type == "article.used":
                    log.uses.append((event.stream, changed.get("used_by_id")))
            log.streams.get(event.type, {})[event.stream] = None
    return log


async def counted_by_a_loop(api: Api) -> dict[str, Counter[str]]:
    """The contributions of this quarter by person: in these tests nothing was before it."""
    log, counts = await read_log(api), defaultdict[str, Counter[str]](Counter)
    for key, fields in log.fields.items():
        parent = fields["parent"]
        if (
            key.startswith("suggestion_proposer/")
            and parent in log.streams["improvement_suggestion.selected"]
        ):
            counts[fields["person_id"]]["suggestions_selected"] += 1
        if key.startswith("finding/") and fields["self_found"] and fields["state"] != "withdrawn":
            counts[fields["owner_id"]]["findings_self_found"] += 1
        if key.startswith("rating/") and fields["score"] == 5 and not fields.get("by_staff"):
            counts[log.fields[parent]["assignee_id"]]["ratings_of_5"] += 1
    for stream in log.streams["improvement.standardised"]:
        for person in log.fields[stream]["proposer_ids"]:
            counts[person]["suggestions_standardised"] += 1
    for stream, reader in log.uses:
        if log.fields[stream]["author_id"] != reader:
            counts[log.fields[stream]["author_id"]]["articles_used"] += 1
    return dict(counts)


async def told(client: Client) -> dict[str, Counter[str]]:
    """The contributions that the client is told of, by person."""
    answer = await client.read(PATH, quarter=QUARTER)
    return {
        entry["person"]["id"]: +Counter({name: entry[name] for name in COUNTED})
        for entry in answer["persons"]
    }


async def rated(api: Api, requester: Client, agent: Client, score: int) -> None:
    """An incident that the agent has resolved, and its reporter has rated so."""
    incident = await requester.post_ok("/v1/incidents", an_incident())
    path = f"/v1/incidents/{incident['number']}"
    await agent.post_ok(f"{path}/assign", {"person": "me"})
    await agent.post_ok(f"{path}/acknowledge")
    await agent.post_ok(f"{path}/resolve", RESOLVED)
    await requester.post_ok(f"{path}/rate", {"score": score})


async def standardised(improvers: Improvers) -> None:
    """An improvement of the author's suggestion that has become the standard."""
    await improvers.restored(hours=480, days_ago=15)
    path = await improvers.evaluating()
    await improvers.restored(hours=1)
    effect = await improvers.measured(path)
    judged = a_judgement(effect["position"], comment="Good.") | {"agreed_by": improvers.owner.id}
    await improvers.quality.post_ok(f"{path}/evaluate", judged)
    await improvers.owner.post_ok(f"{path}/agree_to_evaluation")
    standard = {"external_numbers": ["SOP-12"], "teams": ["network"]}
    await improvers.quality.post_ok(f"{path}/standardise", standard)


async def found(quality: Client, owner: Client, *, self_found: bool) -> None:
    """A finding that its team had found itself and acted on, or had not."""
    body = {
        "title": "Closed without a solution",
        "kind": "violation",
        "severity": "minor",
        "process": "incident",
        "team": "network",
        "evidence": ["INC-2026-000001"],
        "description": "Nothing says what was done.",
        "person": owner.id,
        "owner": owner.id,
        "due_at": (datetime.now(UTC) + timedelta(days=14)).isoformat(),
    }
    if self_found:
        change = {"process": "incident", "title": "Less", "description": "One step.", "reason": "Faster."}
        change["no_origin_reason"] = "The team found it in its own check."
        number = (await owner.post_ok("/v1/process_changes", change))["number"]
        body["evidence"] = [number]
    await quality.post_ok("/v1/findings", body | {"self_found": self_found})


async def used(writer: Client, editor: Client, readers: Sequence[Client]) -> None:
    """An article that these have used, each for an incident of their own."""
    path = await published(writer, editor)
    for reader in readers:
        case = (await reader.post_ok("/v1/incidents", an_incident()))["id"]
        await reader.post_ok(f"/v1/incidents/{case}/use_article", {"article": path.rpartition("/")[2]})


async def test_they_equal_a_plain_loop_over_the_events(api: Api, improvers: Improvers) -> None:
    agent = await api.client("Agent", Role.agent, teams=("network",))
    writer = await api.client("Writer", Role.agent, Role.knowledge_editor, teams=("network",))
    editor, requester = await api.client("Editor", Role.knowledge_editor), await api.client("Requester")
    for score in (5, 5, 4):
        await rated(api, requester, agent, score)
    await used(writer, editor, (agent, writer))
    if WHOLE:
        await standardised(improvers)
    await improvers.selected()
    quality, author = improvers.quality, improvers.author
    for self_found in (True, False):
        await found(quality, agent, self_found=self_found)
    by_loop = await counted_by_a_loop(api)
    assert await told(quality) == by_loop
    assert by_loop == {
        agent.id: Counter({"ratings_of_5": 2, "findings_self_found": 1}),
        writer.id: Counter({"articles_used": 1}),
        author.id: Counter({"suggestions_selected": 2, "suggestions_standardised": 1})
        if WHOLE
        else Counter({"suggestions_selected": 1}),
    }
    (team,) = (await quality.read(PATH, quarter=QUARTER))["teams"]
    assert (team["ratings_of_5"], team["articles_used"], team["total"]) == (2, 1, 4)
    assert (await quality.read(PATH, quarter="2020-Q1"))["persons"] == []


async def test_everybody_sees_their_own_leads_their_teams_and_quality_all(api: Api) -> None:
    lead, agent = await api.client("Lead", Role.engineer), await api.client("Agent", Role.agent)
    admin, management = await api.client("Admin", Role.admin), await api.client("M", Role.management)
    await admin.post_ok("/v1/teams", {"key": "desk", "name": "Desk", "lead": lead.id})
    member = await api.client("Member", Role.agent, teams=("desk",))
    requester, stranger = await api.client("Requester"), await api.client("Stranger", Role.engineer)
    for client in (agent, member):
        await rated(api, requester, client, 5)
    assert set(await told(management)) == {agent.id, member.id}
    assert set(await told(lead)) == {member.id}
    assert set(await told(agent)) == {agent.id}
    assert await told(stranger) == {}
    assert await told(requester) == {}
