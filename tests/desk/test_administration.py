"""Administration from pages: no codes are typed, and errors stand at their fields."""

from __future__ import annotations

import re
import tomllib
from html import unescape
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

import app.main
from app.common.people import Role
from app.desk.administration.index import ADMINISTRATION, GROUPS
from app.desk.contract import screen_contract
from app.desk.forms.role_work import ROLE_WORK
from app.desk.pages.form.choices import country_choices
from app.desk.pages.records import RecordView, offered_actions
from app.desk.values import ROW_DUTY_KINDS
from app.foundation.calendars.holidays import countries
from app.foundation.people.succession.duties import KIND_DUTIES, ROW_DUTIES
from app.i18n import translate
from app.registry import LIFECYCLES
from tests.client import Api, Client, an_incident
from tests.desk.sent_forms import read_form, said, send_form
from tests.processes.changes.samples import a_change
from tests.processes.problems.samples import a_problem
from tests.webhooks.tools import process_all

INVITE = f"{ADMINISTRATION}/people/invite"
KEY = re.compile(r"ldk_[\w-]+")


async def opened(client: Client, path: str, language: str = "en") -> str:
    """The page at the path."""
    answer = await client.get(path, headers={"accept-language": language})
    assert answer.status_code == 200, said(answer.text)
    return unescape(answer.text)


async def sent(client: Client, path: str, **values: str | list[str]) -> httpx.Response:
    """The answer to the form at the path with these values; `__` stands for a slash in a name."""
    form = read_form((await client.get(path)).text)
    named = {
        f"/{name.replace('__', '/')}": value if isinstance(value, list) else [value]
        for name, value in values.items()
    }
    assert named.keys() <= form.named, (named.keys() - form.named, form.named)
    return await send_form(client, path, form.inputs | named)


async def test_the_page_lists_what_the_reader_administers(api: Api) -> None:
    admin = await api.client("Ada", Role.admin)
    for language in ("en", "zh"):
        html = await opened(admin, ADMINISTRATION, language)
        for group in GROUPS:
            for page in group.pages:
                assert page.purpose.text(language) in html
                for address in (page.address, *(address for _, address in page.forms)):
                    assert (await admin.get(address)).status_code == 200, address
    keeper = await api.client("Kim", Role.service_level_manager)
    html = await opened(keeper, ADMINISTRATION)
    assert ("/desk/catalogue_item" in html, "/desk/key" in html) == (True, False)
    agent = await api.client("Lin", Role.agent)
    assert (await agent.get(ADMINISTRATION)).status_code == 404
    assert f'href="{ADMINISTRATION}"' not in await opened(agent, "/desk")
    assert f'href="{ADMINISTRATION}"' in await opened(admin, "/desk")


@pytest.mark.parametrize("role", [Role.admin, Role.quality_manager, Role.service_level_manager])
async def test_administration_offers_only_forms_that_are_open_to_the_reader(api: Api, role: Role) -> None:
    reader = await api.client("Reader", role)
    html = (await reader.get(ADMINISTRATION)).text
    openings = (await reader.read("/v1/me/openings"))["items"]
    offered = set(re.findall(r'class="button" href="(/desk/new/[^"]*)"', html))
    assert offered <= {f"/desk/new/{each['kind']}/{each['action']}" for each in openings}
    assert ("/desk/new/team/add" in offered) is (role is Role.admin)


async def test_an_invited_person_signs_in_with_the_key_of_the_message(api: Api) -> None:
    admin = await api.client("Ada", Role.admin)
    await api.team("network")
    answer = await sent(
        admin,
        INVITE,
        name="Ana Lima",
        email="ana@example.org",
        roles=["agent", "change_manager"],
        teams="network",
        sign_in="key",
    )
    assert answer.status_code == 200, said(answer.text)
    (key,) = KEY.findall(answer.text)
    ana = await api.with_token(key).read("/v1/me")
    assert (ana["person"]["name"], {held["role"] for held in ana["roles"]}) == (
        "Ana Lima",
        {"agent", "change_manager"},
    )
    assert "/sign-in" in answer.text
    assert "you can now use our service desk" in answer.text, "the organisation's language"
    assert read_form(await opened(admin, INVITE)).inputs["/locale"] == ["en"]
    for chosen, words in (("zh", "您现在可以使用我们的服务台"), ("en", "you can now use our service desk")):
        other = await sent(admin, INVITE, name=f"Bao {chosen}", locale=chosen, sign_in="key")
        assert words in other.text, "and not the administrator's"
    refused = await sent(admin, INVITE, name="Ben", email="not an address", sign_in="later")
    assert refused.status_code == 422
    assert read_form(refused.text).faults == {"f-email-help"}
    later = await sent(admin, INVITE, name="Ben", sign_in="later")
    assert later.status_code == 303


async def test_roles_are_granted_and_revoked_by_their_names(api: Api) -> None:
    admin, lin = await api.client("Ada", Role.admin), await api.client("Lin")
    team = await api.team("network")
    path = f"/desk/person/{lin.id}/grant_role"
    html = await opened(admin, path)
    assert "Service desk agent" in html
    everywhere = await sent(admin, path, role__role="engineer")
    assert everywhere.status_code == 303, said(everywhere.text)
    for_team = await sent(admin, path, role__role="agent", role__scope="team", role__team="network")
    assert for_team.status_code == 303, said(for_team.text)
    assert (await admin.read(f"/v1/persons/{lin.id}"))["roles"] == ["engineer", f"agent@team/{team}"]
    blank = await sent(admin, path, role__role="agent", role__scope="service")
    assert read_form(blank.text).faults == {"f-role-service-help"}
    twice = await sent(admin, path, role__role="engineer")
    assert twice.status_code in (409, 422)
    revoked = await sent(admin, f"/desk/person/{lin.id}/revoke_role", role=f"agent@team/{team}")
    assert revoked.status_code == 303, said(revoked.text)
    assert (await admin.read(f"/v1/persons/{lin.id}"))["roles"] == ["engineer"]


async def test_keys_of_records_are_made_from_their_names(api: Api) -> None:
    admin = await api.client("Ada", Role.admin)
    for name in ("Network Berlin", "Network Berlin", "网络组"):
        answer = await sent(admin, "/desk/new/team/add", name=name)
        assert answer.status_code == 303, said(answer.text)
    keys = [team["key"] for team in (await admin.read("/v1/teams", sort="added_at"))["items"]]
    assert keys[0] == "network-berlin"
    assert re.fullmatch(r"network-berlin-[0-9a-f]{4}", keys[1])
    assert keys[2] == "网络组"
    source = await sent(admin, "/desk/new/webhook_source/add", adapter="grafana", title="监控")
    assert source.status_code == 200, said(source.text)
    (item,) = (await admin.read("/v1/webhook_sources"))["items"]
    assert re.fullmatch(r"webhook-source-[0-9a-f]{4}", item["key"])


async def test_a_form_names_the_role_that_its_reader_lacks_and_who_grants_it(api: Api) -> None:
    member = await api.client("Fang", Role.committee_member)
    html = await opened(member, "/desk/new/person/add")
    assert "If it is your task, ask an administrator for the role." in said(html)
    assert "If it is your task" not in said(await opened(member, "/desk/new/incident/report"))
    key_form = "/desk/new/key/make"
    form = read_form(await opened(member, key_form))
    assert not {"/person", "/scope", "/roles"} & form.named, "they can only make one kind of key"
    reply = await send_form(member, key_form, form.inputs | {"/name": ["My calendar"]})
    assert reply.status_code == 200, said(reply.text)
    (key,) = [each for each in (await member.read("/v1/keys"))["items"] if each["scope"] == "calendar"]
    assert key["person"]["id"] == member.id


async def test_a_key_is_offered_only_the_roles_that_its_person_holds(api: Api) -> None:
    admin, lin = await api.client("Ada", Role.admin), await api.client("Lin Xiaoyu", Role.agent)
    path = f"/desk/new/key/make?/person={lin.id}"
    html = await opened(admin, path)
    assert 'value="agent"> Service desk agent<' in html
    assert 'value="auditor" disabled> Auditor <span class="soft">(not held)' in html
    refused = unescape((await sent(admin, path, name="Cron", person=lin.id, roles="auditor")).text)
    (fault,) = re.findall(r'class="fault">(.*?)</p>', refused)
    assert fault.strip().startswith("Lin Xiaoyu does not hold the role Auditor. <a href=")
    (granting,) = re.findall(r'href="([^"]*)"', fault)
    assert read_form(await opened(admin, granting)).inputs["/role/role"] == ["auditor"]


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_a_form_with_roles_says_what_each_of_them_does(api: Api, language: str) -> None:
    assert ROLE_WORK.keys() == set(Role)
    admin = await api.client("Ada", Role.admin)
    for path in (INVITE, f"/desk/person/{admin.id}/grant_role"):
        html = await opened(admin, path, language)
        assert [work.en for work in ROLE_WORK.values() if work.text(language) not in html] == []


async def test_a_text_in_one_language_is_enough(api: Api) -> None:
    admin = await api.client("Ada", Role.admin)
    answer = await sent(admin, "/desk/new/service/propose", name_en="Printing", criticality="low", owner="me")
    assert answer.status_code == 303, said(answer.text)
    service = await admin.read("/v1/services/printing")
    assert (service["name_en"], service["name_zh"]) == ("Printing", "Printing")


async def test_only_the_field_is_marked_from_which_the_form_fills_others_in(api: Api) -> None:
    admin = await api.client("Ada", Role.admin)
    for path, name in ((f"{ADMINISTRATION}/services/new", "name_en"), ("/desk/new/team/add", "name")):
        refused = await sent(admin, path)
        assert refused.status_code == 422
        assert read_form(refused.text).faults == {f"f-{name}-help"}
        for part in ("(1).", "Please fill this in."):
            assert part in unescape(refused.text)
        assert "Is required" not in refused.text
    refused = await sent(admin, f"{ADMINISTRATION}/services/new", name_zh="打印", criticality="")
    assert read_form(refused.text).faults == {"f-criticality-help"}, "the Chinese name is enough"


async def test_members_join_and_leave_on_the_page_of_their_team(api: Api) -> None:
    admin, lin = await api.client("Ada", Role.admin), await api.client("Lin Xiaoyu")
    team = await api.team("network")
    path = f"{ADMINISTRATION}/teams/{team}"
    html = await opened(admin, path)
    assert "Nobody yet" in html

    async def post(button: str, person: str) -> httpx.Response:
        return await send_form(admin, f"{path}/{button}", {"/person": [person]})

    joined = await post("add", lin.id)
    assert joined.status_code == 303, said(joined.text)
    assert "Lin Xiaoyu is now a member." in await opened(admin, joined.headers["location"])
    unknown = await post("add", "Nobody Known")
    assert (unknown.status_code, read_form(unknown.text).faults) == (422, {"person-help"})
    again = await post("add", lin.id)
    assert again.status_code == 422
    assert read_form(again.text).faults == {"person-help"}
    left = await post("remove", lin.id)
    assert left.status_code == 303
    assert (await admin.read(f"/v1/teams/{team}/members"))["items"] == []
    agent = await api.client("Kim", Role.agent)
    refused = await send_form(agent, f"{path}/add", {"/person": ["Lin Xiaoyu"]})
    assert refused.status_code in (403, 422)
    assert (await admin.read(f"/v1/teams/{team}/members"))["items"] == []


async def test_a_deactivation_leads_to_handing_over_what_the_person_held(api: Api) -> None:
    manager = await api.client("Ada", Role.admin, Role.incident_manager)
    lin = await api.client("Lin", Role.agent)
    kim = await api.client("Kim", Role.agent)
    incident = await lin.post_ok("/v1/incidents", an_incident())
    await lin.post_ok(f"/v1/incidents/{incident['id']}/assign", {"person": "me"})
    handover = f"{ADMINISTRATION}/people/{lin.id}/handover"
    record = await opened(manager, f"/desk/person/{lin.id}")
    assert f'action="/desk/person/{lin.id}/deactivate"' not in record, "nothing is sent without a question"
    question = said(await opened(manager, f"/desk/person/{lin.id}/deactivate"))
    for part in (
        "The state becomes “Inactive”",
        "“Activate” takes this back",
        "Open work of the person that you see: 1.",
        "Active keys that stop working: 1.",
    ):
        assert part in question
    assert incident["number"] in question
    assert (await manager.read(f"/v1/persons/{lin.id}"))["state"] == "active"
    done = await sent(manager, f"/desk/person/{lin.id}/deactivate")
    assert (done.status_code, done.headers["location"]) == (303, f"{handover}?done=deactivate")
    assert "Deactivated." in said(await opened(manager, done.headers["location"]))
    html = await opened(manager, done.headers["location"])
    assert incident["number"] in html
    assert "handed over by:" not in html, "that is said of what others hand over"
    assert "· Assignee" in html, "and not the code of the field"
    assert re.findall(r'name="/kinds" value="([^"]*)"', html) == ["incident"], "only what is held"
    handed = await sent(manager, done.headers["location"], new_holder=kim.id, kinds="incident")
    assert handed.status_code == 200, said(handed.text)
    assert "1 of 1 handed over" in handed.text
    assert "Everything that you see of the work of Lin is handed over." in handed.text
    zhao = await api.client("Zhao")
    done = await sent(manager, f"/desk/person/{zhao.id}/deactivate")
    nothing = await manager.get(done.headers["location"])
    assert nothing.headers["location"] == f"/desk/person/{zhao.id}?done=deactivate"
    assert kim.id in str(await manager.read(f"/v1/persons/{lin.id}/events"))


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_what_ends_or_undoes_something_is_asked_before_and_reported_afterwards(
    api: Api, language: str
) -> None:
    admin = await api.client("Ada", Role.admin)
    team = await api.team("network")
    path = f"/desk/team/{team}"
    assert f'href="{path}/retire"' in await opened(admin, path)
    question = await opened(admin, f"{path}/retire", language)
    assert ("“Reinstate” takes this back" if language == "en" else "可以用“恢复”恢复") in question
    assert f'href="{path}"' in question.partition('<form id="form"')[2]
    done = await sent(admin, f"{path}/retire")
    assert "Retired." in said(await opened(admin, done.headers["location"]))


def test_no_action_that_ends_or_undoes_something_is_sent_without_a_question() -> None:
    assert app.main.ROUTES, "bodies that stand for payloads are known once the routes are"
    desk: Any = SimpleNamespace(contract=screen_contract(), language="en")
    for lifecycle in LIFECYCLES:
        rows = [row for row in lifecycle.rows if not row.opens]
        actions = [{"action": row.name, "label": row.name, "reason": None} for row in rows]
        view = RecordView(lifecycle, {"id": "x", "actions": actions}, "en")
        for offered in offered_actions(desk, view):
            assert not (offered.is_plain and lifecycle.face.is_dangerous(offered.name)), offered.name


def test_every_duty_has_a_label_in_both_languages() -> None:
    fields = {name.removesuffix("_id") for duties in KIND_DUTIES.values() for name in duties.fields}
    contract = screen_contract()
    chinese = {name: contract.field_label(name, {}, "zh") for name in fields | ROW_DUTIES.keys()}
    nameless = {name for name, label in chinese.items() if label.isascii()}
    assert nameless == ROW_DUTY_KINDS, "these have words of their own"
    for kind in sorted(nameless):
        assert not translate("zh", "desk", f"duty_{kind}", {}).isascii()


async def test_a_new_source_takes_a_test_delivery(api: Api) -> None:
    admin = await api.client("Ada", Role.admin, Role.agent)
    added = await sent(admin, "/desk/new/webhook_source/add", adapter="github", title="The shop")
    assert "Where to enter it in the tool" in added.text
    (path,) = re.findall(rf'href="({ADMINISTRATION}/sources/[^"]+/test)"', added.text)
    tested = await send_form(admin, path, {})
    waits = await opened(admin, tested.headers["location"])
    assert 'hx-trigger="load delay:1s"' in waits
    before = await api.head()
    await process_all(api.ledger)
    html = await opened(admin, tested.headers["location"])
    assert "data-arrived" in html
    assert "would lead to: Ticket" in html
    assert await api.head() == before, "neither a ticket nor a person of the sample remains"
    status = await admin.read("/v1/webhook_sources/the-shop/status")
    assert (status["last_day"], status["last_received_at"]) == (0, None)
    agent = await api.client("Lin", Role.agent)
    assert (await send_form(agent, path, {})).status_code == 403


async def test_the_test_of_a_source_shows_where_a_ticket_would_go_and_each_label_once(api: Api) -> None:
    admin = await api.client("Ada", Role.admin)
    await api.team("network")
    steps = "?return=/desk/first-steps"
    form = f"/desk/new/webhook_source/add{steps}"
    added = await sent(admin, form, adapter="alertmanager", title="Alerts", team="network")
    (path,) = re.findall(rf'href="({ADMINISTRATION}/sources/[^"]+/test[^"]*)"', unescape(added.text))
    tested = await send_form(admin, path, {})
    await process_all(api.ledger)
    html = await opened(admin, tested.headers["location"])
    assert 'href="/desk/first-steps">Back to the first steps' in html
    ours, _, theirs = html.partition("Labels of the tool itself")
    labels = re.findall(r"<dt>([^<]*)</dt>", ours)
    assert (labels[:2], len(labels)) == (["Title", "Description"], len(set(labels))), labels
    assert re.search(r"<dt>Team</dt><dd>.*network", ours)
    assert "<dt>Status</dt><dd>Firing" in ours
    assert "<code>alertname</code>" in theirs


async def test_a_mapping_is_tried_before_it_is_stored(api: Api) -> None:
    admin = await api.client("Ada", Role.admin)
    await sent(admin, "/desk/new/webhook_source/add", adapter="github", title="The shop")
    source = await admin.read("/v1/webhook_sources/the-shop")
    path = f"{ADMINISTRATION}/sources/{source['id']}/mapping"
    form = read_form(await opened(admin, f"{path}?as=text"))
    (mapping,) = form.inputs["mapping"]
    changed = mapping.replace("title = 'body.issue.title'", "title = '\"Issue: \" + body.issue.title'")
    assert changed != mapping

    async def press(button: str, text: str) -> httpx.Response:
        return await send_form(admin, path, form.inputs | {"mapping": [text], "do": [button]})

    tried = await press("preview", changed)
    assert "Issue: " in tried.text.partition('id="preview"')[2]
    assert (await admin.read("/v1/webhook_sources/the-shop"))["mapping"] is None
    wrong = await press("store", "title = ")
    assert wrong.status_code == 422, said(wrong.text)
    assert "problem" in wrong.text
    stored = await press("store", changed)
    assert stored.status_code == 303, said(stored.text)
    assert (await admin.read("/v1/webhook_sources/the-shop"))["mapping"] == changed
    agent = await api.client("Lin", Role.agent)
    assert (await agent.get(path)).status_code == 403


async def test_a_mapping_is_filled_in_as_a_form(api: Api) -> None:
    admin = await api.client("Ada", Role.admin)
    await sent(admin, "/desk/new/webhook_source/add", adapter="generic", title="The shop")
    source = await admin.read("/v1/webhook_sources/the-shop")
    path = f"{ADMINISTRATION}/sources/{source['id']}/mapping"
    page = await opened(admin, path)
    form = read_form(page)
    (mapping,) = form.inputs["mapping"]
    assert '<option value="body.title">Heating of hall 2 stays cold</option>' in page

    async def press(button: str, values: dict[str, list[str]] | None = None) -> httpx.Response:
        named = {f"/news/0/{name}": value for name, value in (values or {}).items()}
        return await send_form(admin, path, form.inputs | named | {"do": [button]})

    unchanged = read_form((await press("preview")).text)
    assert unchanged.inputs["mapping"] == [mapping], "comments stay if nothing was changed"
    fixed = {"fields.title/origin": ["fixed"], "fields.title/text": ['The "shop" is down']}
    assert 'The "shop" is down' in unescape((await press("preview", fixed)).text).partition('id="preview"')[2]
    wrong = await press("store", {"fields.title/text": ["body title"]})
    assert (wrong.status_code, "“body title” is not a path" in wrong.text) == (422, True)
    assert "/news/1/kind" in read_form((await press("add:comment")).text).inputs
    meanings = {"fields.priority/theirs": ["high", "*"], "fields.priority/ours": ["P1", "P4"]}
    stored = await press("store", fixed | meanings | {"at/text": ["updated_at"], "at/origin": ["path"]})
    assert stored.status_code == 303, said(stored.text)
    document = tomllib.loads((await admin.read("/v1/webhook_sources/the-shop"))["mapping"])
    (entry,) = document["news"]
    assert entry["fields"]["title"] == r'"The \"shop\" is down"'
    assert (entry["at"], entry["case"]) == (["time(body.updated_at)"], "body.id")
    assert entry["values"]["priority"] == {"high": "P1", "*": "P4"}
    assert document["verification"] == tomllib.loads(mapping)["verification"]


async def test_a_service_is_in_use_at_once(api: Api) -> None:
    admin = await api.client("Ada", Role.admin)
    path = f"{ADMINISTRATION}/services/new"
    assert (await sent(admin, path, name_en="Mail")).status_code == 303
    assert (await sent(admin, path, name_zh="打印", in_use="planned")).status_code == 303
    services = (await admin.read("/v1/services"))["items"]
    assert {each["name_en"]: each["state"] for each in services} == {"Mail": "live", "打印": "proposed"}
    assert {each["owner"]["name"] for each in services} == {"Ada"}


async def test_holidays_of_a_country_are_chosen_by_its_name_and_shown_as_a_table(api: Api) -> None:
    admin = await api.client("Ada", Role.admin)
    path = "/desk/new/calendar/add"
    form = read_form(await opened(admin, path))
    assert form.inputs["/time_zone"] == ["UTC"], "the zone of the reader"
    named = {"/name": ["Office"], "more": ["/public_holidays"]}
    page = (await send_form(admin, path, form.inputs | named)).text
    assert '<option value="DE">Germany</option>' in page
    row = {"/public_holidays/0/country": ["DE"], "/public_holidays/0/years": ["2026"]}
    answer = await send_form(admin, path, form.inputs | {"/name": ["Office"]} | row)
    assert answer.status_code == 303, said(answer.text)
    html = await opened(admin, answer.headers["location"])
    assert re.search(r"<tr><td>2026-10-03</td><td>German Unity Day</td>", html)


def test_every_country_with_holidays_has_a_name() -> None:
    assert {choice.code for choice in country_choices()} == countries().keys()


async def test_people_state_their_absence_and_leads_that_of_a_member(api: Api) -> None:
    network = await api.team("network")
    lin = await api.client("Lin", Role.agent, teams=("network",))
    kim = await api.client("Kim", Role.agent, teams=("network",))
    admin = await api.client("Ada", Role.admin)
    version = {"if-match": f'"{(await admin.read(f"/v1/teams/{network}"))["version"]}"'}
    await admin.patch(f"/v1/teams/{network}", json={"lead": str(kim.id)}, headers=version)
    times = {"from_at": "2030-05-01T08:00", "until_at": "2030-05-08T08:00"}
    path = "/desk/new/absence/plan"
    assert f'href="{path}"' in await opened(lin, "/desk")
    assert "/deputy" in read_form(await opened(lin, path)).named
    assert (await sent(lin, path, **times)).status_code == 303
    assert (await sent(lin, path, **times, person=str(kim.id))).status_code == 422
    assert (await sent(kim, path, **times, person=str(lin.id))).status_code == 303
    planned = (await admin.read("/v1/absences"))["items"]
    assert [each["person"]["name"] for each in planned] == ["Lin", "Lin"]


async def test_the_page_of_a_source_shows_its_mapping_as_a_table_and_its_tool_by_name(api: Api) -> None:
    admin = await api.client("Ada", Role.admin)
    await sent(admin, "/desk/new/webhook_source/add", adapter="github", title="The shop")
    source = await admin.read("/v1/webhook_sources/the-shop")
    path = f"{ADMINISTRATION}/sources/{source['id']}/mapping"
    form = read_form(await opened(admin, f"{path}?as=text"))
    stored = await send_form(admin, path, form.inputs | {"do": ["store"]})
    assert stored.status_code == 303, said(stored.text)
    for language, words in (("en", "Show as text"), ("zh", "以文本显示")):
        html = await opened(admin, f"/desk/webhook_source/{source['id']}", language)
        before, _, text = html.partition(words)
        assert "GitHub issues" in before
        assert "<code>body.issue.title</code>" in before
        assert "[[news]]" not in before
        assert "[[news]]" in text
    assert 'name="/mapping"' not in await opened(admin, f"/desk/webhook_source/{source['id']}/edit")


async def test_pages_of_administration_show_words_and_what_people_ask_about(api: Api) -> None:
    roles = (Role.service_level_manager, Role.configuration_manager, Role.quality_manager)
    admin = await api.client("Ada", Role.admin, *roles)
    await api.team("network")
    added = await sent(
        admin, "/desk/new/assignment_rule/add", name="All", process="incident", to_team="network"
    )
    rule = await opened(admin, added.headers["location"])
    assert re.search(r"Position</dt><dd>100</dd>", rule), "the order in which rules apply"
    target = await sent(
        admin, "/desk/new/kpi_target/add", kpi="sla_attainment", comparator="ge", value="0.95"
    )
    assert "<h1>SLA attainment</h1>" in await opened(admin, target.headers["location"])
    live = await sent(admin, f"{ADMINISTRATION}/services/new", name_en="Mail", criticality="high")
    assert live.headers["location"].endswith("?done=go_live")
    form = await opened(admin, "/desk/new/sla/record_requirement")
    business = form.partition('name="/business_process"')[2].partition("</div>")[0]
    assert "Describe the need and the business process that it serves." in business


async def test_details_of_a_form_open_by_themselves_only_for_what_is_wrong_in_them(api: Api) -> None:
    admin = await api.client("Ada", Role.admin)
    address = "/desk/new/webhook_source/add"
    assert '<details class="further"><summary' in await opened(admin, address)
    filled = await sent(admin, address, adapter="", key="alerts")
    assert filled.status_code == 422
    assert '<details class="further"><summary' in filled.text, said(filled.text)


async def test_duties_are_handed_over_only_by_those_who_may(api: Api) -> None:
    admin = await api.client("Ada", Role.admin)
    manager = await api.client("Mia", Role.incident_manager)
    leaver = await api.client("Jo", Role.agent)
    incident = await leaver.post_ok("/v1/incidents", an_incident())
    await leaver.post_ok(f"/v1/incidents/{incident['id']}/assign", {"person": "me"})
    await admin.post_ok(f"/v1/persons/{leaver.id}/deactivate", {})
    path = f"/desk/administration/people/{leaver.id}/handover"
    assert "Hand over from:" not in (home := await opened(admin, "/desk"))
    assert "with duties that somebody else must hand over: 1" in home
    form = await opened(admin, path)
    assert ('name="/new_holder"' in form, "You cannot hand over any of these duties. " in form) == (
        False,
        True,
    )
    form = await opened(manager, path)
    assert ('name="/new_holder"' in form, "handed over by: " in form) == (True, False)


async def test_the_page_after_a_hand_over_counts_what_moved_and_says_why_the_rest_stays(api: Api) -> None:
    await api.team("network")
    manager = await api.client("Mia", Role.incident_manager, Role.problem_manager)
    leaver = await api.client("Jo", Role.agent, Role.engineer, Role.change_manager)
    kim = await api.client("Kim", Role.agent)
    held = []
    for plural, body in (("incidents", an_incident()), ("problems", a_problem()), ("changes", a_change())):
        record = await leaver.post_ok(f"/v1/{plural}", body)
        await leaver.post_ok(f"/v1/{plural}/{record['id']}/assign", {"person": "me"})
        held.append(record["number"])
    admin = await api.client("Ada", Role.admin)
    await admin.post_ok(f"/v1/persons/{leaver.id}/deactivate", {})
    pages = f"{ADMINISTRATION}/people/{leaver.id}/handover", f"/desk/person/{leaver.id}/transfer_duties"
    for path in pages:
        answer = await sent(manager, path, new_holder=kim.id, kinds="incident")
        html = said(answer.text)
        assert answer.status_code == 200, html
        assert (
            "1 of 3 handed over Jo still holds the work below, and possibly work in records that you " in html
        )
        assert re.search(rf"{held[1]} .* Assignee You did not select this kind of record\.", html), html
        assert re.search(rf"{held[2]} .* You cannot hand this over\. Ask: Change manager", html), html
