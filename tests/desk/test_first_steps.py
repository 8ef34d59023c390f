"""First steps: their page and the first page of administrators show what exists, and forms lead back."""

from __future__ import annotations

from app.common.people import Role
from tests.client import Api
from tests.desk.sent_forms import read_form, said, send_form
from tests.desk.test_pages import page

STEPS = "/desk/first-steps"
TEAM_FORM = f"/desk/new/team/add?return={STEPS.replace('/', '%2F')}"


async def test_an_administrator_is_led_through_what_does_not_exist_yet(api: Api) -> None:
    admin = await api.client("Ada", Role.admin)
    assert "0 of 6 done" in await page(admin, "/desk")
    html = await page(admin, STEPS)
    assert ("0 of 6 done" in html, f'class="button leads" href="{TEAM_FORM}"' in html) == (True, True)
    form = read_form(await page(admin, TEAM_FORM))
    inputs = form.inputs | {"/name": ["Service desk"], "/key": ["service-desk"]}
    answer = await send_form(admin, TEAM_FORM, inputs)
    assert (answer.status_code, answer.headers["location"]) == (303, f"{STEPS}?done=add")
    html = await page(admin, answer.headers["location"])
    assert ("Saved." in html, "1 of 6 done" in html) == (True, True)
    assert f'class="button leads" href="{TEAM_FORM}"' not in html, "the next step leads"
    assert "下一步：人员" in await page(admin, "/desk", **{"accept-language": "zh"})


async def test_no_form_leads_back_to_another_site(api: Api) -> None:
    admin = await api.client("Ada", Role.admin)
    path = "/desk/new/team/add?return=//evil.example.org"
    inputs = read_form(await page(admin, path)).inputs | {"/name": ["Network"], "/key": ["network"]}
    answer = await send_form(admin, path, inputs)
    assert answer.headers["location"].startswith("/desk/team/"), said(answer.text)


async def test_first_steps_are_for_administrators(api: Api) -> None:
    agent = await api.client("Lin", Role.agent)
    assert (await agent.get(STEPS)).status_code == 404
    assert "First steps" not in await page(agent, "/desk")
