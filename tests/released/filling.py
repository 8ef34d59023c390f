"""An installation with records of every kind in every state, and what it answers of them."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from app.conformance.facts import consumer as conformance
from app.kernel.ledger import Ledger
from app.kpis.catalogue import KPIS
from app.kpis.facts.consumer import FACTS
from app.log.follow import FOLLOW_LIMITS, catch_up
from app.platform.db import connect
from app.registry import LIFECYCLES
from app.webhooks.sources.samples import samples_of
from tests.client import Api, Client, Json
from tests.every_action import documents
from tests.every_action.world import IN_STATE, World, make_world, record_address
from tests.webhooks.tools import a_source, process_all

#: Tools whose sample deliveries are taken in: tickets with comments, and alerts.
TOOLS = ("github", "alertmanager")
FILE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="
)


async def fill(api: Api) -> tuple[dict[str, str], list[str]]:
    """Bring a record of every kind into each of its states, with a file, deliveries and facts besides. Give
    keys by the name of whom they are of, and the addresses of what there is to be read.
    """
    with documents.kept_for_no_time():
        world = await make_world(api)
        paths = [
            record_address(lifecycle, await world.make_record(lifecycle, state))
            for lifecycle, state in IN_STATE
        ]
    paths += await _attach_file(world)
    for adapter in TOOLS:
        tool = await a_source(api, world.everybody, adapter)
        for sample in samples_of(adapter, datetime.now(UTC)):
            answer = await tool.post(sample.raw.body, **sample.raw.headers)
            assert answer.status_code == 202, answer.text
        await process_all(api.ledger)
        paths.append(f"/v1/webhook_sources/{tool.source['id']}/deliveries")
    await follow(api.ledger)
    begin, end = datetime.now(UTC) - timedelta(days=62), datetime.now(UTC) + timedelta(days=1)
    months = f"grain=month&from={begin:%Y-%m-%dT00:00:00Z}&to={end:%Y-%m-%dT00:00:00Z}"
    paths += [f"/v1/kpis/{key}?{months}" for key in KPIS]
    keys = {"everybody": world.everybody.token, "requester": world.requester.token}
    return {name: key for name, key in keys.items() if key is not None}, paths


async def _attach_file(world: World) -> list[str]:
    """Attach a file to the first incident; give where its content is."""
    client = world.everybody
    incident = (await client.read("/v1/incidents", limit="1"))["items"][0]
    upload = await client.put(f"/v1/uploads/{uuid4()}", content=FILE)
    body = {"upload": upload.json()["id"], "name": "picture.png"}
    await client.post_ok(f"/v1/incidents/{incident['id']}/attach", body)
    return [f"/v1/incidents/{incident['id']}/attachments/{body['upload']}/content"]


async def follow(ledger: Ledger) -> None:
    """Bring the facts up to date, as a worker does."""
    async with await connect(ledger.db.url, FOLLOW_LIMITS) as connection:
        for consumer in (FACTS, conformance.consumer(LIFECYCLES)):
            await catch_up(connection, consumer)


async def read_answers(client: Client, paths: list[str]) -> dict[str, Json]:
    """What each address answers; of a file its hash."""
    answers: dict[str, Json] = {}
    for path in paths:
        answer = await client.get(path)
        assert answer.status_code == 200, f"{path}: {answer.text}"
        is_json = answer.headers["content-type"].startswith("application/json")
        digest = {"sha256": hashlib.sha256(answer.content).hexdigest()}
        answers[path] = answer.json() if is_json else digest
    return answers


#: Counts that a log and its rows must have after an upgrade.
COUNTS = """
select type as name, count(*)::int as count from log.event group by type
union all select 'head', position::int from log.head order by 1"""


async def read_counts(ledger: Ledger) -> dict[str, int]:
    """How many events of each type there are, and the position of the last."""
    return {row["name"]: row["count"] for row in await ledger.db.rows(COUNTS)}
