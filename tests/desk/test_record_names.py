"""Records without a name or title of their own: pages say whom or what they are about."""

from __future__ import annotations

import re

from app.common.people import Role
from app.desk.contract import screen_contract
from app.desk.pages.record.next_steps import awaited_step
from app.desk.pages.record_names import OWN_NAMES, TELLING_FIELDS
from app.desk.pages.records import RecordView
from app.registry import LIFECYCLES, LIFECYCLES_BY_KIND
from tests.client import Api
from tests.desk.test_pages import page
from tests.people import ago
from tests.processes.improvement_suggestions.samples import offered

#: There is only one of them at a time, or they belong to one record, which their page names.
NEED_NO_NAME = {
    "priority_matrix",
    "risk_matrix",
    "risk_questionnaire",
    "survey_result",
}


def test_every_record_without_a_name_has_fields_that_tell_it_from_others() -> None:
    nameless = []
    for lifecycle in LIFECYCLES:
        fields = screen_contract().record_fields(lifecycle.plural) or {}
        has_name = any(name.removesuffix("_en") in OWN_NAMES for name in fields)
        if not has_name and lifecycle.face.called is None and not fields.keys() & set(TELLING_FIELDS):
            nameless.append(lifecycle.kind)
    assert set(nameless) == NEED_NO_NAME


async def test_forms_lists_and_pages_of_an_absence_name_the_person(api: Api) -> None:
    agent = await api.client("Paul Richter", Role.agent)
    body = {"from_at": ago(days=-1).isoformat(), "until_at": ago(days=-2).isoformat()}
    absence = await agent.post_ok("/v1/absences", body)
    listed = await page(agent, "/desk/absence?tab=all")
    assert re.search(f'<a href="/desk/absence/{absence["id"]}">Paul Richter</a>', listed)
    assert re.search("<h1>.*Paul Richter.*</h1>", await page(agent, f"/desk/absence/{absence['id']}"))
    form = await page(agent, f"/desk/absence/{absence['id']}/withdraw")
    assert re.search("<h1>.*Paul Richter.*</h1>", form)


async def test_what_a_judgement_is_about_stands_open_next_to_its_form(api: Api) -> None:
    quality = await api.client("Quinn", Role.quality_manager)
    evidence = [{"text": "98.39 %, usually 99.81 %.", "kpi": "service_availability", "period": "2026-10"}]
    suggestion = await offered(await api.client("Lin", Role.agent), shown_by=evidence)
    form = await page(quality, f"/desk/improvement_suggestion/{suggestion['number']}/select")
    about = form[form.index('<aside aria-labelledby="evidence">') :].partition("<details>")[0]
    assert "Half of all incidents go to the wrong team at first." in about
    assert "The desk asks for the site before anything else." in about
    assert "98.39 %, usually 99.81 %." in about, "with its evidence"
    record = await page(quality, f"/desk/improvement_suggestion/{suggestion['number']}")
    assert "98.39 %, usually 99.81 %." in record
    for html in (form, record):
        assert f"/desk/new/improvement/select?%2Fsuggestions={suggestion['number']}" in html


async def test_a_record_on_which_its_reader_cannot_act_says_what_comes_next_and_who_does_it(api: Api) -> None:
    agent = await api.client("Lin", Role.agent)
    suggestion = await offered(agent)
    address = f"/desk/improvement_suggestion/{suggestion['number']}"
    assert "Next step: Select, by " in (html := await page(agent, address))
    assert "uality manager" in html.partition('class="next-step">')[2].partition("</p>")[0]
    assert "next-step" not in await page(await api.client("Quinn", Role.quality_manager), address)


def test_an_audit_waits_for_the_self_check_then_for_its_summary() -> None:
    audit = LIFECYCLES_BY_KIND["audit"]
    views = [RecordView(audit, {"id": "x", "state": state}, "en") for state in ("open", "submitted")]
    steps = [awaited_step(view) for view in views]
    assert [step.name for step in steps if step] == ["submit_self_check", "confirm_summary"]
