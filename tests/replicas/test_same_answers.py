"""Every operation that may be answered from a replica answers there as at the primary."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from fastapi.routing import APIRoute

from app.api.authentication import auth
from app.api.replica_reads import is_marked
from app.common.people import Role
from app.kernel.replicas import ReadReason
from app.kpis.catalogue import KPIS
from app.main import ROUTES
from tests.conftest import DatabaseUrls, Server
from tests.extent import in_test_all
from tests.replicas.conftest import Serve
from tests.replicas.streaming import ReplicatedServer, StreamingReplica

#: What else must be said to those that need more than their address.
QUERIES = {
    "/v1/lookup": "kind=incident&q=mail",
    "/v1/names": "reference=service/mail,team/network",
    "/v1/search": "q=mail",
    "/v1/kpis/{key}/influence": "by=team",
}
#: What two answers may differ in: their age, and figures as of now.
VOLATILE = ("lag_seconds", "elapsed_seconds", "age_seconds")


def addresses() -> list[str]:
    """The addresses of all that may be answered from a replica; of KPIs, each of every tenth."""
    paths: list[str] = []
    for route in ROUTES:
        if isinstance(route, APIRoute) and is_marked(route.endpoint):
            query = QUERIES.get(route.path, "limit=20" if "/kpis" not in route.path else "")
            keys = list(KPIS)[::10] if "{key}" in route.path else [""]
            paths += [f"{route.path.replace('{key}', key)}?{query}" for key in keys]
    return paths


def test_every_list_and_kpi_is_marked_and_nothing_that_writes() -> None:
    marked = {route.path for route in ROUTES if isinstance(route, APIRoute) and is_marked(route.endpoint)}
    assert {
        "/v1/incidents",
        "/v1/requests",
        "/v1/persons",
        "/v1/documents",
        "/v1/kpis",
        "/v1/events",
    } <= marked
    assert not [path for path in marked if path.endswith(("/me", "/stream", "/sessions", "/{id}"))]
    for route in ROUTES:
        if isinstance(route, APIRoute) and is_marked(route.endpoint):
            assert route.methods == {"GET"}, route.path


@in_test_all
async def test_everything_that_may_be_read_there_is_answered_alike(
    serve: Serve,
    replicated: ReplicatedServer,
    streaming: StreamingReplica,
    server: Server,
    demo_place: DatabaseUrls,
    demo_secrets: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = datetime.now(UTC)  # of which the figures of open cases are
    monkeypatch.setattr(auth, "utc_now", lambda: now)
    name = urlsplit(demo_place.url).path
    replicated.copy_database(urlsplit(server.administrator)._replace(path=name).geturl(), "demo")
    at_replica = serve(streaming.url("demo"), database="demo", secrets_dir=demo_secrets)
    nowhere = "postgresql://nobody@127.0.0.1:1/nothing"
    async with at_replica as api, serve(nowhere, database="demo", secrets_dir=demo_secrets) as other:
        roles = (Role.admin, Role.auditor, Role.agent, Role.process_owner)
        reader = await api.client("Rita", *roles)
        again = other.with_token(reader.token)
        await api.chooses(ReadReason.reached)
        differing, number = [], 0
        for address in addresses():
            of_replica = await reader.get(address)
            of_primary = await again.get(address)
            if of_replica.status_code == 422 == of_primary.status_code:
                continue  # a KPI that is not asked so
            number += 1
            assert of_replica.status_code == 200, (address, of_replica.text)
            if _comparable(of_replica.text) != _comparable(of_primary.text):
                differing.append(address)
        assert not differing
        assert number > 100
        assert api.reads()["reached"] >= number
        assert api.reads()["failed"] == 0
        assert other.reads()["away"] >= number


def _comparable(text: str) -> object:
    """What an answer says, without what depends on the second."""
    if not text.startswith("{"):
        return None if "<svg" in text else text

    def stable(pairs: list[tuple[str, object]]) -> dict[str, object]:
        return {name: value for name, value in pairs if name not in VOLATILE}

    return json.loads(text, object_pairs_hook=stable)
