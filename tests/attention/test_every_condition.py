"""Every condition: made true, its sentence comes with exactly its cases; made untrue, it goes. Whoever may
not see the cases sees neither it nor its count.
"""

from __future__ import annotations

import re
from uuid import UUID

import httpx
import pytest

from app.attention.conditions import TABLE
from app.attention.queries import attention, render_attention
from app.attention.shapes import AttentionQuery
from app.i18n import sentences
from app.kernel.ledger import Ledger
from app.platform.db import Connection
from tests.attention.reading import read_attention, rows_of
from tests.attention.true_conditions import MADE_TRUE, Scene, TrueCondition
from tests.client import ADDRESS, Api, Client, Json
from tests.conftest import DatabaseUrls
from tests.extent import in_test_all

#: Tried by itself: the log cannot be made older.
TRIED_ELSEWHERE = {
    "figures_lag": "test_sources.py",
    "quality_unassessed": "test_quality_assessments.py",
    "role_unheld": "test_roles.py",
    "post_unheld": "test_roles.py",
    "template_to_renew": "automation/test_changes.py",
}
#: Ends of the codes of sentences that are another form of one.
FORMS = (
    *("_one", "_several", "_of_scope", "_without_team", "_undated", "_undated_one"),
    *("_team", "_service", "_service_and_team", "_before"),
)
#: Of the clocks, what is said by how many of them are past; and what is no sentence about a condition.
OTHER_SENTENCES = {"clocks_breached", "clocks_both", "nothing"}
WORDS = ("target_lt", "target_le", "target_gt", "target_ge", "periods_")
#: What is long in the making, and another test by `make test` makes true as well (test_sources.py, and
#: `effect_confirmed` with `benefit_faded`), or is overdue as `judgement_overdue` is, or waits as
#: `complaints_wait` does.
LONG_IN_THE_MAKING = {
    *("figures_differ", "not_reconciled", "source_silent", "deliveries_failed"),
    *("agreement_review_overdue", "rollout_overdue", "sitting_overdue", "report_overdue"),
    *("effect_confirmed", "decisions_wait", "tasks_wait", "actions_wait"),
}
CONDITIONS = [
    pytest.param(code, marks=in_test_all if code in LONG_IN_THE_MAKING else ()) for code in MADE_TRUE
]


def test_no_sentence_is_without_a_condition_that_is_tried() -> None:
    tried = MADE_TRUE.keys() | TRIED_ELSEWHERE | OTHER_SENTENCES
    forms = {f"{code}{form}" for code in tried for form in ("", *FORMS)}
    untried = {code for code in sentences("en")[TABLE] if not code.startswith(WORDS)} - forms
    assert untried == set()


def test_a_sentence_for_several_cases_says_which_one_it_names() -> None:
    several = {code: text for code, text in sentences("en")[TABLE].items() if code.endswith("_several")}
    named = re.compile("for example|the most|the first|the longest|most recently")
    assert several
    assert [code for code, text in several.items() if not named.search(text)] == []


async def told(ledger: Ledger, condition: TrueCondition, client: Client, code: str) -> list[Json]:
    """The sentences of that code that the client is told, good news among them."""
    if condition.now is None:
        document = await read_attention(client, **condition.parameters)
    else:
        callers = await ledger.directory.callers({UUID(client.id)})
        query = AttentionQuery.model_validate(condition.parameters)
        answer = await attention(ledger, callers[UUID(client.id)], query, condition.now)
        document = render_attention(answer, "en")
    return [item for item in (*document["items"], *document["good"]) if item["code"] == code]


@pytest.mark.parametrize("code", CONDITIONS)
async def test_it_is_told_while_it_is_true_to_whoever_may_see_it(
    api: Api, follower: Connection, place: DatabaseUrls, code: str
) -> None:
    condition = await MADE_TRUE[code](Scene(api, follower, place.owner_url))
    (item,) = await told(api.ledger, condition, condition.reader, code)
    await opens_its_cases(condition.reader, item)
    stranger = await api.client("Stranger")
    assert await told(api.ledger, condition, stranger, code) == []
    assert (await read_attention(stranger, **condition.parameters))["counts"] == {"total": 0, "now": 0}
    await condition.undo()
    assert await told(api.ledger, condition, condition.reader, code) == []


async def opens_its_cases(client: Client, item: Json) -> None:
    """A list has as many cases as the sentence says, and there is a page for people that shows them."""
    answer = await client.get(item["cases"])
    assert answer.status_code == 200, answer.text
    if "items" in answer.json():
        assert await rows_of(client, item["cases"]) == item["count"]
    headers = {"Accept": "text/html", "Authorization": f"Bearer {client.token}"}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(client.app), base_url=ADDRESS) as browser:
        page = await browser.get(item["desk"], headers=headers)
    assert page.status_code == 200, (item["desk"], page.text)
