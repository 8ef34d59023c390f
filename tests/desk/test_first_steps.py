"""First steps: their page and the first page of administrators show what exists, and forms lead back."""

from __future__ import annotations

import re
from html import unescape

from app.common.people import Role
from app.desk.first_steps.first_agreement import FIRST_AGREEMENT
from app.foundation.people.records import TeamKind
from tests.client import Api
from tests.desk.sent_forms import read_form, said, send_form
from tests.desk.test_pages import page

STEPS = "/desk/first-steps"
TEAM_FORM = f"/desk/new/team/add?return={STEPS.replace('/', '%2F')}"


#: A calendar of a service desk.
OFFICE = {
    "key": "office",
    "name": "Office hours",
    "time_zone": "Asia/Shanghai",
    "weekly": [{"weekdays": ["mon", "tue", "wed", "thu", "fri"], "starts": "09:00", "ends": "17:00"}],
}


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


async def test_an_administrator_gets_from_an_empty_installation_to_a_signed_agreement(api: Api) -> None:
    admin = await api.whole(await api.client("Ada", Role.admin))
    await api.team("customers", TeamKind.customer)
    head = await api.whole(await api.client("Han", teams=("customers",)))
    await admin.post_ok("/v1/calendars", OFFICE)
    address = re.findall(r'href="(/desk/person/[^"]*grant_role[^"]*)"', unescape(await page(admin, STEPS)))[0]
    granting = read_form(await page(admin, address))
    assert granting.inputs["/role/role"] == ["service_level_manager"]
    answer = await send_form(admin, address, granting.inputs)
    assert answer.status_code == 303, said(answer.text)
    html = await page(admin, FIRST_AGREEMENT)
    pointers = {name for name in read_form(html).named if name.startswith("/")}
    assert pointers == {"/title", "/party_representative", "/services", "/hours", "/how_fast", "/+"}
    inputs = read_form(html).inputs | {"/party_representative": [head.id]}
    reply = await send_form(admin, FIRST_AGREEMENT, inputs)
    assert reply.status_code == 303, said(reply.text)
    assert "done=submit_for_review" in reply.headers["location"], reply.headers["location"]
    agreement = reply.headers["location"].partition("?")[0].rpartition("/")[2]
    assert "An agreement waits for its signatures" in await page(admin, STEPS)
    for side in (admin, head):
        await side.post_ok(f"/v1/slas/{agreement}/sign", {})
    record = await admin.read(f"/v1/slas/{agreement}")
    assert (record["state"], len(record["targets"])) == ("signed", 8)


async def test_the_first_agreement_leads_to_a_representative_and_back(api: Api) -> None:
    admin = await api.whole(await api.client("Ada", Role.admin, Role.service_level_manager))
    await admin.post_ok("/v1/calendars", OFFICE)
    path = f"{FIRST_AGREEMENT}?return={STEPS}"
    html = unescape(await page(admin, path))
    assert "There is no customer team yet." in html
    team_form = re.findall(r'href="(/desk/new/team/add[^"]*)"', html)[0]
    form = read_form(await page(admin, team_form))
    assert form.inputs["/kind"] == ["customer"]
    added = await send_form(admin, team_form, form.inputs | {"/name": ["Shops"]})
    html = unescape(await page(admin, added.headers["location"]))
    assert ("Saved." in html, "Shops" in html, "no customer team" in html) == (True, True, False)
    reply = await send_form(admin, path, read_form(html).inputs)
    agreement = unescape(await page(admin, reply.headers["location"]))
    assert f'href="{STEPS}">Back to the first steps' in agreement
    assert "done=submit_for_review" in reply.headers["location"], said(agreement)
    assert "First name that person with the button “Appoint representative”." in agreement
    assert re.search(r'class="button leads" href="[^"]*/appoint"', agreement), "and not Sign"
    colleague = await api.client("Kim", Role.agent)
    again = read_form(await page(admin, path)).inputs
    wrong = await send_form(admin, path, again | {"/party_representative": [colleague.id]})
    fault = re.findall(r'class="fault">(.*?)</p>', wrong.text)
    assert fault, said(wrong.text)
    assert fault[0].endswith("Staff cannot sign for a customer"), fault


async def test_no_form_leads_back_to_another_site(api: Api) -> None:
    admin = await api.client("Ada", Role.admin)
    path = "/desk/new/team/add?return=//evil.example.org"
    inputs = read_form(await page(admin, path)).inputs | {"/name": ["Network"], "/key": ["network"]}
    answer = await send_form(admin, path, inputs)
    assert answer.headers["location"].startswith("/desk/team/"), said(answer.text)


async def test_forms_of_first_steps_are_filled_in_for_their_step(api: Api) -> None:
    admin = await api.whole(await api.client("Ada", Role.admin))
    html = unescape(await page(admin, STEPS))
    customers = re.findall(r'href="(/desk/new/team/add[^"]*kind=customer[^"]*)"', html)
    assert read_form(await page(admin, customers[0])).inputs["/kind"] == [TeamKind.customer.value]
    await api.team("desk")
    await api.client("Lin", Role.agent, teams=("desk",))
    for process in ("incident", "request"):
        address = re.findall(rf'href="(/desk/new/assignment_rule/add[^"]*process={process}[^"]*)"', html)[0]
        inputs = read_form(await page(admin, address)).inputs | {"/to_team": ["desk"]}
        saved = await send_form(admin, address, inputs)
        assert saved.status_code == 303, said(saved.text)
    rules = (await admin.read("/v1/assignment_rules"))["items"]
    assert {rule["process"] for rule in rules} == {"incident", "request"}


async def test_first_steps_are_for_administrators(api: Api) -> None:
    agent = await api.client("Lin", Role.agent)
    assert (await agent.get(STEPS)).status_code == 404
    assert "First steps" not in await page(agent, "/desk")
