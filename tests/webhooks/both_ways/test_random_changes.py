"""However both sides change their tickets, they are equal at the end."""

from __future__ import annotations

import os

import pytest

from tests.extent import WHOLE, in_test_all
from tests.webhooks.both_ways.desks import Desk
from tests.webhooks.both_ways.random_changes import try_changes
from tests.webhooks.standins.github import GitHub
from tests.webhooks.standins.jira import Jira

CHANGES = 100 if WHOLE else 20
#: LEDGERDESK_TEST_BOTH_WAYS says how many hundreds of changes are tried (fewer in
#: `make test`), of which each half is of one tool.
SEEDS = int(os.environ.get("LEDGERDESK_TEST_BOTH_WAYS", "2")) // 2


@pytest.mark.parametrize("seed", range(SEEDS))
async def test_github_and_the_desk_are_equal_at_the_end(desk: Desk[GitHub], seed: int) -> None:
    await try_changes(desk, seed, CHANGES)


@in_test_all
@pytest.mark.parametrize("seed", range(SEEDS))
async def test_jira_and_the_desk_are_equal_at_the_end(jira_desk: Desk[Jira], seed: int) -> None:
    await try_changes(jira_desk, seed, CHANGES)
