"""What is scraped of a running application that has figures."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import pytest

from app.common.people import Role
from app.kpis.catalogue import KPIS
from app.kpis.facts.consumer import FACTS
from app.log.follow import FOLLOW_LIMITS, catch_up
from app.platform.db import connect
from app.platform.settings import PROJECT, Settings
from tests.api.test_kpi_gauges import shown
from tests.api.test_service import figures
from tests.client import RESOLVED, an_incident, serving
from tests.conftest import Server, fresh
from tests.deploy.promql import Metrics, scraped

DEPLOY = PROJECT / "deploy"
USUAL = Settings(_env_file=None)  # type: ignore[call-arg]  # Pydantic's own argument


@pytest.fixture(scope="package")
async def metrics(server: Server, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Metrics]:
    """The metrics of a service that has resolved an incident, as an auditor's key is shown them."""
    with fresh(server) as place:
        async with serving(place.url, tmp_path_factory.mktemp("secrets"), USUAL) as api:
            await api.team("network")
            agent = await api.client("Lin", Role.agent, Role.integration, teams=("network",))
            incident = await agent.post_ok("/v1/incidents", an_incident())
            await agent.post_ok(f"/v1/incidents/{incident['id']}/acknowledge")
            await agent.post_ok(f"/v1/incidents/{incident['id']}/resolve", RESOLVED)
            auditor = await api.client("Olga", Role.auditor)
            follower = await connect(place.url, FOLLOW_LIMITS)
            await catch_up(follower, FACTS)
            await follower.close()
            await shown(api, auditor.token)
            yield scraped((await figures(api, auditor.token)).text)


@pytest.fixture(scope="package")
def values() -> dict[str, set[str]]:
    """Values of labels that a scrape has only once something has happened."""
    contract = json.loads((PROJECT / "openapi" / "openapi.json").read_text(encoding="utf-8"))
    operations = {
        operation["operationId"] for path in contract["paths"].values() for operation in path.values()
    }
    return {"operation": operations, "key": set(KPIS), "consumer": {"relay:nats:ledgerdesk"}}
