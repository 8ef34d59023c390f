"""The documents of an improvement, read as pages: the proposal, the pilot's report, the hand-over."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html import unescape
from zoneinfo import ZoneInfo

from app.common.people import Person, Role
from app.common.records import from_row
from app.kpis.declaration.kpi import Unit
from app.kpis.facts.consumer import FACTS
from app.kpis.questions.chart_words import ChartWords
from app.log.follow import catch_up
from app.platform.db import Connection
from tests.client import RESOLVED, Api, Client, Json, an_incident
from tests.extent import in_test_all
from tests.kpis.drawing.drawings import parse
from tests.processes.improvement_suggestions.samples import a_suggestion
from tests.processes.improvements.pilots import WORD, Project, project_of
from tests.processes.improvements.samples import AT, Improvers, a_day, a_proposal, a_target, weighed
from tests.processes.improvements.test_rollout import FIRST_SEVEN, completed

#: What the report of a pilot says of it: its cases and dates, and how its effect was measured.
OF_A_PILOT = (
    *(
        "Team: The network team",
        "Agreed<td>",
        "Kick-off by the sponsor<td>",
        "pass mark",
        "Window before",
        "2026-01-01",
    ),
    *("Measurements for this occasion so far: 1.", "before the agreed end", "by day", "50 % better: reached"),
    *("no control group: before and after only", "People informed, and how<td><p>Both desks.</p>"),
)
HARM = "<img src=x onerror=alert(1)> & Co"
DRAWING = re.compile(r"<svg .*?</svg>", re.DOTALL)
#: So many days ago is in the window before of the project's target KPI.
IN_BASELINE = (datetime.now(UTC) - datetime(2026, 2, 15, tzinfo=UTC)).days


async def document_of(client: Client, path: str, of_class: str) -> Json:
    """The newest document of the improvement of that class."""
    documents = (await client.read(f"{path}/documents"))["items"]
    body: Json = [document for document in documents if document["document_class"] == of_class][-1]
    return body


async def printed(client: Client, path: str, number: str, lang: str) -> str:
    """The page of the document, whose drawings are well-formed and which runs nothing."""
    answer = await client.get(f"{path}/documents/{number}", params={"lang": lang})
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Language"] == lang
    assert answer.headers["Content-Type"].startswith("text/html")
    assert "style-src 'sha256-" in answer.headers["Content-Security-Policy"]
    assert " style=" not in answer.text, "the page's policy forbids it"
    for match in DRAWING.findall(answer.text):
        parse(match)
    # Lines of the source end between elements, which no reader sees.
    return re.sub(r"\n\s*<", "<", answer.text)


@in_test_all
async def test_a_proposal_prints_with_its_baseline_as_it_was_frozen(improvers: Improvers) -> None:
    await improvers.restored(hours=5, days_ago=20)
    path = await improvers.selected()
    await improvers.follow()
    target = a_target(judged_by=f"By the median. {HARM}")
    texts = {name: f"Of {name}." for name in ("benefit_inside", "benefit_outside", "method", "steps")}
    texts |= {name: f"Of {name}." for name in ("resources", "judgement", "outside_plan_reason")}
    harmful = {"scope_and_goal": f"Within the hour.\n{HARM}", "targets": [target]}
    await improvers.quality.post_ok(f"{path}/propose", texts | harmful)
    document = await document_of(improvers.quality, path, "PP")
    [baseline] = (await improvers.quality.read(f"{path}/baselines"))["items"]
    assert baseline["cases"] == 12
    page = await printed(improvers.author, path, document["number"], "en")
    assert HARM not in page
    assert HARM in unescape(page)
    for words in (
        f"{document['number']}, edition 1",
        "Improvement proposal",
        "Drafted",
        "Scope and goal",
        '<b><span class="short">5 h',
        "<td>12",
        "−50 %",
        f"log position {baseline['position']:,}",
        "For the committee",
    ):
        assert words in page, words
    assert len(DRAWING.findall(page)) == 1
    chinese = await printed(improvers.author, path, document["number"], "zh")
    assert [
        word
        for word in ("改进提案", "草稿", "范围与目标", "基线窗口", "5 小时", "委员会代表")
        if word not in chinese
    ] == []
    # What is told of later moves no figure of the document.
    await improvers.restored(hours=9, days_ago=20, cases=3)
    await improvers.follow()
    assert "<td>12" in await printed(improvers.author, path, document["number"], "en")
    await improvers.quality.post_ok(f"{path}/submit", improvers.question() | weighed())
    assert "It serves the first goal." in await printed(improvers.author, path, document["number"], "en")


@in_test_all
async def test_a_proposal_that_is_dated_back_prints_with_its_baseline_and_says_when_it_was_recorded(
    improvers: Improvers,
) -> None:
    await improvers.restored(hours=5, days_ago=50)
    await improvers.follow()
    quality = improvers.quality
    offer = a_suggestion() | {"occurred_at": a_day(42)}
    suggestion = await improvers.manager.post_ok("/v1/improvement_suggestions", offer)
    selection = {"title": "Sooner", "suggestions": [suggestion["number"]], "reason": "It cannot wait."}
    selection |= {"scope": "process", "process": "incident", "occurred_at": a_day(41)}
    path = f"{AT}/{(await quality.post_ok(AT, selection))['id']}"
    window = {"from": a_day(60), "to": a_day(45)}
    proposal = a_proposal(targets=[a_target(before=window)], occurred_at=a_day(40))
    await quality.post_ok(f"{path}/propose", proposal)
    number = (await document_of(quality, path, "PP"))["number"]
    page = await printed(quality, path, number, "en")
    assert f"Written<td>{a_day(40)[:10]}" in page
    assert f"Recorded<td>{datetime.now(UTC):%Y-%m-%d}" in page
    for words in ("Target KPIs", "<td>12", "−50 %"):
        assert words in page, words
    assert len(DRAWING.findall(page)) == 1


@in_test_all
async def test_a_document_is_there_for_whom_the_improvement_is(improvers: Improvers) -> None:
    record_path, other = await improvers.proposed(), await improvers.proposed()
    number = (await document_of(improvers.quality, record_path, "PP"))["number"]
    assert (await improvers.author.get(f"{record_path}/documents/{number}")).status_code == 200
    for path in (
        f"{record_path}/documents/PP1",
        f"{other}/documents/{number}",
        f"/v1/improvements/9/documents/{number}",
    ):
        assert (await improvers.author.get(path)).status_code == 404, path
    customer = await improvers.api.client("Customer", Role.requester)
    assert (await customer.get(f"{record_path}/documents/{number}")).status_code == 404
    assert (await improvers.author.get(f"{record_path}/documents/{number}?lang=fr")).status_code == 422


class Pilot:
    """A project, and real incidents inside the pilot and outside of it."""

    def __init__(self, project: Project, tool: Client, follower: Connection) -> None:
        self.project, self.tool, self.follower = project, tool, follower

    async def restored(self, team: str, *, hours: float, days_ago: float = 0, cases: int = 10) -> None:
        """So many incidents of the team were restored then, each after these hours, or a day longer than the
        one before: they were opened on different days.
        """
        for n in range(cases):
            begun = a_day(days_ago + n + hours / 24)
            record = await self.tool.post_ok("/v1/incidents", an_incident(occurred_at=begun))
            path = f"/v1/incidents/{record['id']}"
            await self.tool.post_ok(f"{path}/assign", {"team": team, "occurred_at": begun})
            body = RESOLVED | ({"occurred_at": a_day(days_ago)} if days_ago else {})
            await self.tool.post_ok(f"{path}/resolve", body)

    async def measured(self, path: str) -> int:
        """The log position at which the effect of the pilot was measured, from the facts."""
        await catch_up(self.follower, FACTS)
        position: int = (await self.project.quality.post_ok(f"{path}/measure_effects", {}))[
            "measured_position"
        ]
        return position


async def a_pilot(api: Api, follower: Connection) -> Pilot:
    """A project, and who measures."""
    tool = await api.client("Tool", Role.agent, Role.integration)
    return Pilot(await project_of(api), tool, follower)


def _tells_the_figures_of(page: str, effect: Json) -> None:
    """One number, one meaning: the page tells the API's figures, of the same statistic and clock."""
    written = ChartWords("en", Unit.seconds, ZoneInfo(effect["zone"]), "CNY")
    plain = " ".join(re.sub("<[^>]+>", "", unescape(page)).split())
    result = effect["result"]
    assert effect["sentence"] in unescape(page)
    for number in (written.value(result["before"]["value"]), written.value(result["after"]["value"])):
        assert number in plain, number


@in_test_all
async def test_a_pilot_prints_with_what_was_measured_in_its_round(api: Api, follower: Connection) -> None:
    pilot = await a_pilot(api, follower)
    project = pilot.project
    await pilot.restored("network", hours=488, days_ago=IN_BASELINE)
    await catch_up(follower, FACTS)
    path = await project.piloting()
    issue = {"title": f"It asks twice {HARM}", "text": "Of the site."}
    await project.manager.post_ok(f"{path}/log_pilot_issue", issue)
    for stance in ("in_favour", "in_favour", "opposed"):
        body = {"person": "me", "stance": stance, "text": "As it is."}
        await project.manager.post_ok(f"{path}/log_pilot_feedback", body)
    await pilot.restored("network", hours=2)
    position = await pilot.measured(path)
    await project.manager.post_ok(f"{path}/report_pilot", dict(WORD))
    number = (await document_of(project.quality, path, "PL"))["number"]
    page = await printed(project.first, path, number, "en")
    assert [words for words in OF_A_PILOT if words not in page] == []
    assert f"Recorded<td>{datetime.now(UTC):%Y-%m-%d}" in page
    [measured] = (await project.quality.read(f"{path}/measurements"))["items"]
    effect = await project.quality.read(f"/v1/effects/{measured['effect_id']}?recompute=false")
    result = effect["result"]
    assert result["verdict"] == "improved"
    _tells_the_figures_of(page, effect)
    assert HARM not in page
    for words in (
        "Pilot report",
        f"round 1, at log position {position:,}",
        f"<small>({result['before']['cases']})</small>",
        f"<small>({result['after']['cases']})</small>",
        "−20 d",
        "Improved",
        "In favour: <b>2</b>",
        "Opposed: <b>1</b>",
        "None that has stayed.",
        f"It asks twice {HARM}",
    ):
        assert words in page or words in unescape(page), words
    assert len(DRAWING.findall(page)) == 2
    chinese = await printed(project.first, path, number, "zh")
    for words in ("试点报告", "第 1 轮", "赞成", "试点中的问题", "接受情况", "−20 天", "已改善"):
        assert words in chinese, words
    # What comes in the round after is not in it.
    extended = project.judgement(position, "extended", begins_at=a_day(-1), ends_at=a_day(-150))
    await project.quality.post_ok(f"{path}/ask_judgement", extended)
    assert (await project.decide(path))["state"] == "piloting"
    decided = await printed(project.first, path, number, "en")
    voted = ("Decisions of the committee", "Shall we?", "Approved", "First<td>Approve", "Second<td>Approve")
    assert [words for words in voted if words not in decided] == []
    assert f"On the effect measured at log position<td>{position:,}" in decided
    assert "Decisions of the committee" not in page
    motion = ("Put to the committee", "<td>Extended", a_day(-1)[:10], a_day(-150)[:10])
    assert [words for words in motion if words not in decided] == []
    [logged] = (await project.quality.read(f"{path}/pilot_issues"))["items"]
    solved = {"issue": logged["id"], "solution": "One question less."}
    await project.manager.post_ok(f"{path}/solve_pilot_issue", solved)
    body = {"person": "me", "stance": "opposed", "text": "Too long."}
    await project.manager.post_ok(f"{path}/log_pilot_feedback", body)
    assert await printed(project.first, path, number, "en") == decided


@in_test_all
async def test_a_hand_over_prints_with_its_steps_and_why_the_pilot_was_passed(
    api: Api, follower: Connection
) -> None:
    pilot = await a_pilot(api, follower)
    project = pilot.project
    path = await project.piloting()
    position = await pilot.measured(path)
    await project.manager.post_ok(f"{path}/report_pilot", dict(WORD))
    reason = f"The law asks for it. {HARM}"
    question = project.judgement(position, reason=reason)
    await project.quality.post_ok(f"{path}/ask_judgement", question)
    await project.decide(path)
    await project.manager.post_ok(f"{path}/roll_out", project.rollout())
    await completed(project, path, *FIRST_SEVEN)
    body = {"handed_over": "All of it.", "external_numbers": ["SOP-12"], "open_points": "The night shift."}
    await project.manager.post_ok(f"{path}/ask_hand_over", body)
    number = (await document_of(project.quality, path, "HO"))["number"]
    draft = await printed(project.owner, path, number, "en")
    assert HARM not in draft
    report = (await document_of(project.quality, path, "PL"))["number"]
    for words in (
        "Hand-over",
        "Drafted",
        "All of it.",
        "SOP-12",
        f'<span class="short">{report}</span>',
        "9 · Fix",
        "Done: organise.",
        "Too few cases",
        f"at log position {position:,}",
        "Accepted by the quality manager<td><td>",
        "<b>Goals:</b></p><p>Half the time.</p>",
        "<b>Evidence that the resources are available:</b></p><p>The tool is there.</p>",
        "<b>Successes:</b></p><p>Nobody asks twice any more.</p>",
        "<b>In effect from:</b>",
        "100 % of the teams",
        "Mail<td>",
        "<td>120",
        "<td>90<td>90<td>90<td>90<td>Passed",
        "50 % better: cannot be determined",
        "Shall we?",
    ):
        assert words in draft, words
    marked = '<section class="note"><h2>Reason for passing against the evidence</h2>'
    assert f"{marked}<p>{reason}</p>" in unescape(draft)
    await project.quality.post_ok(f"{path}/hand_over")
    page = await printed(project.owner, path, number, "en")
    assert "Accepted by the quality manager<td>Quality<td>20" in page
    assert "Published" in page
    await _signed_by_who_handed_over(project, path, number)
    await _without_marks_for_others(project, path, number)
    chinese = await printed(project.owner, path, number, "zh")
    for words in ("移交", "证据不足仍予通过的理由", "9 · 固化", "推广步骤", "单据太少", "流程及质量经理验收"):
        assert words in chinese, words


async def _signed_by_who_handed_over(project: Project, path: str, number: str) -> None:
    """Whoever takes over the duties later has not signed."""
    before = (await printed(project.quality, path, number, "en")).partition('class="signatures"')[2]
    assert re.search(r"Project manager<td>[^<]+<td>20", before)
    later = await project.api.client("Later", Role.project_manager)
    await project.admin.post_ok(f"/v1/persons/{project.manager.id}/deactivate")
    body = {"person": project.manager.id, "new_holder": later.id}
    await project.first.post_ok(f"{path}/hand_over_duties", body)
    after = (await printed(project.quality, path, number, "en")).partition('class="signatures"')[2]
    assert after == before


async def _without_marks_for_others(project: Project, path: str, number: str) -> None:
    """A customer who suggested the improvement reads neither marks of employees nor single votes."""
    # The executor has suggested it, and comes with a key of a customer.
    row = await project.api.ledger.db.row("select * from fold.person where id = %s", (project.executor.id,))
    assert row is not None
    customer = await project.api.client_of(from_row(Person, row), Role.requester)
    page = await printed(customer, path, number, "en")
    assert [words for words in ("<td>90<td>90", "First<td>Approve") if words in page] == []
    assert (await customer.read(f"{path}/rollout_sittings"))["items"] == []


async def test_what_it_costs_is_for_staff_and_not_for_whoever_suggested_it(improvers: Improvers) -> None:
    requester = await improvers.api.client("Requester")
    improvers.author = requester
    path = await improvers.in_review()
    document = await document_of(requester, path, "PP")
    for client, sees in ((improvers.quality, True), (requester, False)):
        page = await printed(client, path, document["number"], "en")
        sections = (await client.read(f"{path}/document_sections", limit=100))["items"]
        headings = {section["heading"] for section in sections}
        assert ("A month of two engineers." in page, "weighed_cost" in headings) == (sees, sees)
        assert "weighed_time" in headings
