"""What tools tell of persons, and the words that they pass on, are gone when everybody is erased."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from app.common.people import Role
from app.webhooks.adapters import MAIL, adapter_keys
from app.webhooks.sources.samples import samples_of
from tests.canaries.dump import everything
from tests.canaries.erasing import erase_everybody
from tests.canaries.marks import Marks
from tests.canaries.permitted import not_permitted
from tests.canaries.tool_payloads import marked
from tests.client import Api
from tests.selection import selected
from tests.webhooks.tools import a_source, process_all

TOOLS = sorted(adapter_keys() - {MAIL})


async def test_what_tools_tell_of_persons_is_erased_with_them(api: Api, tmp_path: Path) -> None:
    admin, marks = await api.client("Ada", Role.admin, Role.agent), Marks()
    for tool in selected("tools", TOOLS, lambda _: "tool"):
        source = await a_source(api, admin, tool, zone="UTC", user_name="tool")
        for sample in samples_of(tool, datetime.now(UTC)):
            headers = dict(sample.raw.headers)
            body = marked(marks, tool, headers, json.loads(sample.raw.body))
            answer = await source.post(body, **{name.replace("-", "_"): v for name, v in headers.items()})
            assert answer.status_code == 202, answer.text
    await process_all(api.ledger)
    states = await api.ledger.db.rows("select distinct state from plumbing.webhook_delivery")
    assert [delivery["state"] for delivery in states] == ["processed"]
    await erase_everybody(api.ledger, UUID(admin.id))
    left = not_permitted(await everything(api.ledger, tmp_path), marks)
    assert not left, "\n".join(left)
