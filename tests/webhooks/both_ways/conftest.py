"""An installation that writes to a stand-in of a tool on this machine."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from tests.client import Client
from tests.subscriptions.conftest import admin, connection, receiver, settings, stage
from tests.subscriptions.stages import Stage
from tests.webhooks.both_ways.desks import Desk
from tests.webhooks.standins import github, jira
from tests.webhooks.standins.github import GitHub
from tests.webhooks.standins.jira import Jira, JiraDataCenter
from tests.webhooks.tools import a_source

__all__ = ["admin", "connection", "receiver", "settings", "stage"]


@pytest.fixture
async def desk(stage: Stage, admin: Client) -> AsyncIterator[Desk[GitHub]]:
    """A desk that writes to GitHub."""
    stage.now -= timedelta(hours=6)
    tool = GitHub(now=lambda: stage.now)
    async with tool.serving():
        source = await a_source(stage.api, admin, "github", key="shop")
        subscription = await stage.subscribe(
            format="tool", source="shop", url=tool.base, secret=github.TOKEN, opens_tickets=True
        )
        yield Desk(stage, tool, source, subscription)


@pytest.fixture
async def jira_desk(stage: Stage, admin: Client) -> AsyncIterator[Desk[Jira]]:
    """A desk that writes to Jira."""
    async with _desk_of_jira(stage, admin, Jira, f"{jira.MAIL}:{jira.TOKEN}") as desk:
        yield desk


@pytest.fixture
async def data_center_desk(stage: Stage, admin: Client) -> AsyncIterator[Desk[Jira]]:
    """A desk that writes to Jira Data Center."""
    async with _desk_of_jira(
        stage, admin, JiraDataCenter, jira.PERSONAL_TOKEN, "edition=data_center"
    ) as desk:
        yield desk


@asynccontextmanager
async def _desk_of_jira(
    stage: Stage, admin: Client, kind: type[Jira], secret: str, *settings: str
) -> AsyncIterator[Desk[Jira]]:
    stage.now -= timedelta(hours=6)
    tool = kind(now=lambda: stage.now)
    async with tool.serving():
        source = await a_source(stage.api, admin, "jira", key="ops")
        subscription = await stage.subscribe(
            format="tool",
            source="ops",
            url=tool.base,
            secret=secret,
            opens_tickets=True,
            tool_settings=["project=OPS", "issue_type=Task", *settings],
        )
        yield Desk(stage, tool, source, subscription)
