"""Payloads that tools have really sent, read where they are, with the adapters that they are for."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from app.webhooks.adapters import adapter
from app.webhooks.mapping.deliveries import Delivery
from app.webhooks.mapping.news import Evaluation

FOLDERS = {"pagerduty_v3": "pagerduty", "jsm": "jira", "gitea": "github"}
RECEIVED_AT = datetime(2026, 11, 2, 12, tzinfo=UTC)


def folder() -> Path:
    """Where the payloads are. Skips the test if they are not there."""
    found = Path(os.environ.get("LEDGERDESK_TEST_DATA", Path(__file__).parents[3] / "shared" / "data"))
    if not (found / "webhooks").is_dir():
        pytest.skip("the payloads of real tools are not there (../shared/data/webhooks)")
    return found / "webhooks"


def payloads() -> Iterator[tuple[str, str, Any]]:
    """Yield name, adapter and body of each payload."""
    for path in sorted(folder().glob("*/*.json")):
        tool = path.parent.name
        name = f"{tool}/{path.stem}"
        yield name, FOLDERS.get(tool, tool), json.loads(path.read_text(encoding="utf-8"))


def evaluate(tool: str, body: Any) -> Evaluation:
    """What the delivery tells by the tool's adapter, in an organisation in Berlin."""
    headers = {"x-github-event": "issues"} if tool == "github" else {}
    zone = None if adapter(tool).document.zone else "Europe/Berlin"
    raw = json.dumps(body).encode()
    return adapter(tool).evaluate(Delivery(headers, raw, RECEIVED_AT, zone=zone))
