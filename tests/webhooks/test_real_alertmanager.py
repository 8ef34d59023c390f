"""A real Alertmanager posts here: what fires, repeats and clears there is told by its own process."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import socket
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from app.common.people import Role
from app.main import application
from app.platform.settings import Settings
from tests.client import Api, Json
from tests.conftest import DatabaseUrls
from tests.served import behind_a_socket
from tests.waiting import PATIENCE_SECONDS, until
from tests.webhooks.tools import Tool, a_source, process_all

BINARY = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")
pytestmark = pytest.mark.skipif(BINARY is None, reason="needs alertmanager: none is on PATH")

# Repeated as often as it allows; a group is told of anew as soon as something in it has changed.
CONFIGURATION = """
route:
  receiver: ledgerdesk
  group_by: [alertname]
  group_wait: 10ms
  group_interval: 100ms
  repeat_interval: 1s
receivers:
  - name: ledgerdesk
    webhook_configs:
      - url: {url}
        send_resolved: true
        http_config:
          basic_auth: {{username: alertmanager, password: "{secret}"}}
"""


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@contextlib.asynccontextmanager
async def alertmanager(folder: Path, url: str, secret: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client of an Alertmanager that tells that address of its alerts, until the block ends."""
    assert BINARY is not None
    configuration = folder / "alertmanager.yml"
    configuration.write_text(CONFIGURATION.format(url=url, secret=secret), encoding="utf-8")
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        BINARY,
        f"--config.file={configuration}",
        f"--storage.path={folder / 'storage'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:

            async def ready() -> bool:
                with contextlib.suppress(httpx.TransportError):
                    return (await client.get("/-/ready")).status_code == 200
                return False

            await until(ready)
            yield client
    finally:
        process.terminate()
        await asyncio.wait_for(process.wait(), PATIENCE_SECONDS)


async def tell(
    client: httpx.AsyncClient, began: datetime, ended: datetime | None = None, waiting: str = "4,000"
) -> None:
    """Tell the Alertmanager of an alert, as Prometheus does."""
    alert: Json = {
        "labels": {"alertname": "QueueTooLong", "severity": "critical", "instance": "mail-01:9100"},
        "annotations": {"summary": "Queue of mail-01 is too long", "description": f"{waiting} mails wait."},
        "startsAt": began.isoformat(),
    }
    if ended is not None:
        alert["endsAt"] = ended.isoformat()
    (await client.post("/api/v2/alerts", json=[alert])).raise_for_status()


async def deliveries(tool: Tool, count: int) -> list[Json]:
    """What became of the deliveries, the first first, as soon as there are so many."""
    path = f"/v1/webhook_sources/{tool.source['id']}/deliveries"

    async def found() -> list[Json] | None:
        await process_all(tool.api.ledger)
        items: list[Json] = (await tool.admin.read(path))["items"]
        # One may have come after the others were processed.
        items = [item for item in items if item["state"] != "waiting"]
        return items[::-1] if len(items) >= count else None

    return await until(found)


async def test_an_alert_of_a_real_alertmanager_opens_joins_and_resolves_its_incident(
    api: Api, place: DatabaseUrls, tmp_path: Path, settings: Settings
) -> None:
    admin = await api.client("Ada", Role.admin, Role.agent)
    tool = await a_source(api, admin, "alertmanager", user_name="alertmanager")
    served = application(place.url, tmp_path / "secrets", settings)
    began = datetime.now(UTC) - timedelta(minutes=2)
    async with behind_a_socket(served) as (host, port):
        url = f"http://{host}:{port}{tool.path}"
        async with alertmanager(tmp_path, url, tool.source["secret"]) as client:
            await tell(client, began)
            (fired,) = await deliveries(tool, 1)
            assert [e["outcome"] for e in fired["effects"]] == ["reported"], fired
            (ticket,) = await tool.tickets()
            assert (ticket["title"], ticket["state"]) == ("Queue of mail-01 is too long", "new")
            # What it repeats with the same words counts once.
            await tell(client, began, waiting="5,000")
            *_, repeated = await deliveries(tool, 2)
            assert [e["outcome"] for e in repeated["effects"]] == ["joined"], repeated
            await tell(client, began, datetime.now(UTC), waiting="5,000")
            *_, cleared = await deliveries(tool, 3)
            assert [e["outcome"] for e in cleared["effects"]] == ["resolved"], cleared
    (ticket,) = await tool.tickets()
    assert ticket["state"] == "resolved"
    assert {delivery["state"] for delivery in await deliveries(tool, 3)} == {"processed"}
