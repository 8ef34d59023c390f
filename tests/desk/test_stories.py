"""Whole stories by the pages' forms alone, as a browser without scripts sends them."""

from __future__ import annotations

import re
from html import unescape

from tests.client import Api, Client
from tests.desk.sent_forms import read_form, said, send_form
from tests.desk.story_steps import FormStep, change_by_five_people


async def carried_out(step: FormStep, address: str) -> str:
    """The address to which the step's form leads, which is at that address."""
    opened = await step.client.get(address)
    assert opened.status_code == 200, said(opened.text)
    form = read_form(opened.text)
    path, query = address.partition("?")[::2]
    inputs = {**form.inputs, **{name: [value] if isinstance(value, str) else list(value) for name, value in step.filled.items()}}
    answer = await send_form(step.client, path, inputs)
    assert answer.status_code == 303, (step.action, said(answer.text))
    return answer.headers["location"].partition("?")[0]


async def waiting_link(client: Client, action: str) -> str:
    """Where the action is done that waits for them, as their work says."""
    html = unescape((await client.get("/desk")).text)
    match = re.search(rf'href="(/desk/[^"]*/{action}[?][^"]*)"', html)
    assert match is not None, said(html)
    return match[1]


async def test_five_people_bring_a_change_from_its_draft_to_its_review(api: Api) -> None:
    address = "/desk/new/change"
    for step in await change_by_five_people(api):
        path = await waiting_link(step.client, "vote") if step.action == "vote" else f"{address}/{step.action}"
        address = await carried_out(step, path)
    change = await step.client.read(f"/v1/changes/{address.rpartition('/')[2]}")
    assert (change["state"], change["outcome"]) == ("closed", "successful")
