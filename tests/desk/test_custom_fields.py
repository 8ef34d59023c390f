"""Custom fields of a process stand in the forms of its tickets, each with its label and its kind of input."""

from __future__ import annotations

import re

from app.common.people import Role
from tests.client import Api, an_incident
from tests.desk.sent_forms import read_form, send_form


async def test_a_custom_field_is_filled_in_shown_corrected_and_emptied(api: Api) -> None:
    admin = await api.client("Ada", Role.admin)
    agent = await api.client("Lin", Role.agent)
    for definition in (
        {"value_type": "number", "key": "floor", "label_en": "Floor", "label_zh": "楼层"},
        {
            "value_type": "choice",
            "key": "site",
            "label_en": "Site",
            "label_zh": "地点",
            "choices": [{"key": "north", "label_en": "North", "label_zh": "北区"}],
        },
    ):
        await admin.post_ok("/v1/custom_fields", {"process": "incident", **definition})
    form = read_form((await agent.get("/desk/new/incident/report")).text)
    assert {"/custom/floor", "/custom/site"} <= form.named
    filled = {f"/{name}": [str(value)] for name, value in an_incident().items()}
    filled |= {"/custom/floor": ["3"], "/custom/site": ["north"]}
    done = await send_form(agent, "/desk/new/incident/report", form.inputs | filled)
    assert done.status_code == 303, done.text
    path = done.headers["location"].partition("?")[0]
    page = (await agent.get(path)).text
    assert re.search(r"Floor.{0,40}3", page, re.DOTALL)
    edit = read_form((await agent.get(f"{path}/edit")).text)
    assert (edit.inputs["/custom/floor"], edit.inputs["/custom/site"]) == (["3"], ["north"])
    sent = await send_form(
        agent, f"{path}/edit", edit.inputs | {"/custom/floor": ["4"], "/custom/site": [""]}
    )
    assert sent.status_code == 303, sent.text
    record = await agent.read(f"/v1/incidents/{path.rpartition('/')[2]}")
    assert record["custom"] == {"floor": 4}
