"""Tools that know only an address have the secret in it, and it is kept nowhere."""

from __future__ import annotations

from datetime import UTC, datetime

from app.common.people import Role
from app.webhooks.sources.samples import samples_of
from tests.client import Api
from tests.webhooks.tools import a_source, process_all

BY_PATH = """
[[verification]]
scheme = "path"
[[news]]
kind = "ticket"
case = 'body.id'
at = 'received_at'
status = '"new"'
"""


async def test_a_secret_in_the_query_verifies_and_is_stored_nowhere(api: Api) -> None:
    tool = await a_source(api, await api.client("Ada", Role.admin, Role.agent), "azure_monitor")
    body = samples_of("azure_monitor", datetime.now(UTC))[0].raw.body
    done = await tool.deliver(body)
    assert done["state"] == "processed"
    assert tool.source["secret"] not in str(done)
    anybody = api.with_token(None)
    for address in (tool.path, f"{tool.path}?token=wrong", f"{tool.path}?secret={tool.source['secret']}"):
        refused = await anybody.post(address, content=body)
        assert refused.status_code == 401
        assert "token" not in refused.text


async def test_a_secret_at_the_end_of_the_path_counts_only_where_it_was_chosen(api: Api) -> None:
    admin = await api.client("Ada", Role.admin, Role.agent)
    tool = await a_source(api, admin, "generic", mapping=BY_PATH)
    other = await a_source(api, admin, "github")
    anybody, body = api.with_token(None), b'{"id": 7}'
    accepted = await anybody.post(f"{tool.path}/{tool.source['secret']}", content=body)
    assert accepted.status_code == 202, accepted.text
    await process_all(api.ledger)
    assert len(await tool.tickets()) == 1
    wrong = await anybody.post(f"{tool.path}/somebody-elses", content=body)
    assert (wrong.status_code, "somebody-elses" in wrong.text) == (401, False)
    assert (await anybody.post(f"{other.path}/{other.source['secret']}", content=body)).status_code == 401
