"""Wrong signatures are counted for each source and address, and never stop what verifies."""

from __future__ import annotations

from collections import Counter
from typing import Any

from app.webhooks.intake import deliveries
from app.webhooks.intake.signing import signed_headers
from app.webhooks.intake.verification import Credentials
from app.webhooks.mapping.document import VerificationScheme
from tests.client import Api
from tests.webhooks.test_receiving import an_admin, an_issue
from tests.webhooks.tools import Tool, a_source, clock

REFUSED = "select refused from plumbing.webhook_refusal where source_id = %s"
WRONG = {"x-hub-signature-256": f"sha256={'0' * 64}"}
OWN = """
[[verification]]
scheme = "hmac"
header = "Sentry-Hook-Signature"
algorithm = "sha256"
encoding = "base64"
prefix = "v0="
signed = "{timestamp}.{body}"
timestamp_header = "Sentry-Hook-Timestamp"

[[news]]
kind = "ticket"
case = 'body.id'
"""


async def wrong(tool: Tool, times: int) -> Counter[int]:
    client = tool.api.with_token(None)
    answers = [await client.post(tool.path, content=b"{}", headers=WRONG) for _ in range(times)]
    return Counter(answer.status_code for answer in answers)


async def test_wrong_signatures_stop_neither_their_source_nor_another(api: Api) -> None:
    admin = await an_admin(api)
    github, gitlab = await a_source(api, admin), await a_source(api, admin, "gitlab")
    limit = api.ledger.settings.wrong_keys
    assert await wrong(github, limit + 5) == {401: limit, 429: 5}
    assert (
        await github.post(an_issue(), x_github_event="issues", x_github_delivery="d-1")
    ).status_code == 202
    assert (await gitlab.post({"object_kind": "issue"})).status_code == 202
    assert (await wrong(gitlab, 1)) == {401: 1}, "another source is counted for itself"


async def test_sources_that_do_not_exist_are_answered_and_counted_like_those_that_do(api: Api) -> None:
    github = await a_source(api, await an_admin(api))
    limit = api.ledger.settings.wrong_keys
    client = api.with_token(None)
    fields: dict[str, list[tuple[int, Any]]] = {}
    for path in (github.path, "/v1/webhooks/no-such"):
        answers = [await client.post(path, content=b"{}", headers=WRONG) for _ in range(limit + 1)]
        fields[path] = [(each.status_code, each.json()["code"]) for each in answers]
    assert fields[github.path] == fields["/v1/webhooks/no-such"]
    counted = [
        await api.ledger.db.value(REFUSED, (source_id,))
        for source_id in (github.source["id"], deliveries.NO_SOURCE)
    ]
    assert counted == [limit, limit]


async def test_a_mapping_of_ones_own_says_how_its_deliveries_are_verified(api: Api) -> None:
    tool = await a_source(api, await an_admin(api), "generic", mapping=OWN)
    own = VerificationScheme(
        scheme="hmac",
        header="Sentry-Hook-Signature",
        encoding="base64",
        prefix="v0=",
        signed="{timestamp}.{body}",
        timestamp_header="Sentry-Hook-Timestamp",
    )
    client, body = api.with_token(None), b'{"id": 1}'
    right = signed_headers(own, Credentials((tool.source["secret"],)), {}, body, clock())
    assert (await client.post(tool.path, content=body, headers=right)).status_code == 202
    bearer = {"authorization": f"Bearer {tool.source['secret']}"}
    for headers in (bearer, right | {"sentry-hook-timestamp": "1"}, {}):
        assert (await client.post(tool.path, content=body, headers=headers)).status_code == 401
    assert (await client.post(tool.path, content=body + b" ", headers=right)).status_code == 401


async def test_a_mapping_that_verifies_nothing_is_refused_with_what_is_wrong(api: Api) -> None:
    admin = await an_admin(api)
    for line, sentence in (
        ('header = "Sentry-Hook-Signature"', "needs a header"),
        ('signed = "{timestamp}.{body}"', "{body}"),
    ):
        mapping = OWN.replace(line, 'signed = "x"' if "signed" in line else "")
        body = {"key": "own", "title": "Own", "adapter": "generic", "mapping": mapping}
        answer = await admin.post("/v1/webhook_sources", json=body)
        assert answer.status_code == 422
        assert sentence in answer.text, answer.text


async def test_a_jira_without_webhook_secrets_shows_it_in_a_header(api: Api) -> None:
    tool = await a_source(api, await an_admin(api), "jira")
    issue = {"issue": {"id": 7, "key": "OPS-7", "self": "https://jira.example.org/rest/api/2/issue/7"}}
    issue["issue"]["fields"] = {"summary": "No mail", "updated": "2026-03-02T10:00:00.000+0000"}
    headers = {"authorization": f"Bearer {tool.source['secret']}"}
    assert (await api.with_token(None).post(tool.path, json=issue, headers=headers)).status_code == 202
