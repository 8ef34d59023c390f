"""Payloads that tools have really sent, read where they are, with the adapters that they are for."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

FOLDER = (
    Path(os.environ.get("LEDGERDESK_TEST_DATA", Path(__file__).parents[3] / "shared" / "data")) / "webhooks"
)
RECEIVED_AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
_ADAPTERS = {"gitea": "github", "jsm": "jira", "pagerduty_v3": "pagerduty"}


def names() -> list[str]:
    """The names of all payloads: their paths within the folder."""
    return sorted(
        str(path.relative_to(FOLDER)) for path in FOLDER.rglob("*") if path.suffix != ".md" and path.is_file()
    )


def tool_of(name: str) -> str:
    """The adapter that the payload is for."""
    tool = name.partition("/")[0]
    return _ADAPTERS.get(tool, tool)


def payload(name: str) -> Any:
    return json.loads((FOLDER / name).read_bytes())


def brief(name: str) -> Any:
    """The payload; of a list, its first two: enough to try what each field is for."""
    body = payload(name)
    return body[:2] if isinstance(body, list) else body
