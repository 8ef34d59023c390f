"""The documents of improvements as pages: what is on them, in both languages, and nothing that would run."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from uuid import UUID

import pytest

from app.api.service.pages import page
from app.foundation.decisions.records import DecisionKind, DecisionRule, DecisionState, VoteVerdict
from app.foundation.documents.decided import PrintedDecision, PrintedVote, approval_lines
from app.i18n import LANGUAGES
from app.processes.improvements.documents.pages import page_of
from app.processes.improvements.documents.printed import PrintedImprovement
from app.processes.improvements.documents.printing import page_for_customers
from tests.kpis.drawing.drawings import parse
from tests.processes.improvements.printed import HARM, a_handover, a_proposal, a_report

PAGES: dict[str, Callable[[str], PrintedImprovement]] = {"PP": a_proposal, "PL": a_report, "HO": a_handover}
DRAWING = re.compile(r"<svg .*?</svg>", re.DOTALL)
#: Elements of HTML whose end need not be written.
OPEN_ENDED = {"td", "th", "tr", "br", "meta", "link", "html"}
ON_EVERY_PAGE: dict[str, tuple[str, ...]] = {
    "en": ("edition 2", "Published", "Written", "2026-07-01 00:30", "Asia/Shanghai", "Signatures"),
    "zh": ("第 2 版", "已发布", "编写时间", "2026-07-01 00:30", "Asia/Shanghai", "签字"),
}
ON_PAGES: dict[str, dict[str, tuple[str, ...]]] = {
    "PP": {
        "en": ("Improvement proposal", "212", "98,765", "−20 %", "By the median.", "The author was erased"),
        "zh": ("改进提案", "212", "98,765", "−20 %", "基线窗口", "编写人信息已删除"),
    },
    "PL": {
        "en": (
            "Pilot report",
            "123,456",
            "round 2",
            "−40 min",
            "Not reached",
            "No evidence",
            "In favour: <b>5",
        ),
        "zh": ("试点报告", "123,456", "第 2 轮", "−40 min", "未达到", "证据不足", "赞成: <b>5"),
    },
    "HO": {
        "en": (
            "Hand-over",
            "9 · Fix",
            "KB-17",
            "Reason for passing against the evidence",
            "Reason for the different order",
        ),
        "zh": ("移交", "9 · 固化", "KB-17", "证据不足仍予通过的理由", "未按顺序的理由"),
    },
}


class Balance(HTMLParser):
    """Sees that what is opened is closed, in its order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag not in {"script", "style", "iframe"}
        assert not any(name.startswith("on") or name == "style" for name, _ in attrs)
        if tag not in OPEN_ENDED:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in OPEN_ENDED:
            assert self.open.pop() == tag


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("of_class", PAGES)
def test_a_document_prints_with_its_figures_and_runs_nothing(of_class: str, language: str) -> None:
    printed = page_of(PAGES[of_class](language), language)
    html = bytes(page(language, printed.title, printed.body).body).decode()
    texts = (f"{of_class}2026001", *ON_EVERY_PAGE[language], *ON_PAGES[of_class][language])
    assert [text for text in texts if text not in html] == []
    assert HARM not in html
    assert "&lt;script&gt;" in html
    balance = Balance()
    balance.feed(html)
    assert balance.open == []


@pytest.mark.parametrize(("make", "number"), [(a_proposal, 1), (a_report, 3), (a_handover, 3)])
def test_drawings_stand_in_the_page_as_they_are_served_alone(
    make: Callable[[str], PrintedImprovement], number: int
) -> None:
    drawings = DRAWING.findall(page_of(make("en"), "en").body)
    assert len(drawings) == number
    for drawing in drawings:
        parse(drawing)
        assert " id=" not in drawing, "ids of several drawings would collide"
    assert "The chart is no longer available" in page_of(make("en"), "en").body


@pytest.mark.parametrize(
    ("language", "until", "deputy"),
    [
        ("en", "<th>Votes count until<td>2026-07-08", "Ada (deputy: Zhou)"),
        ("zh", "<th>表决截止时间<td>2026-07-08", "Ada（代理人：Zhou）"),
    ],
)
def test_a_paper_of_an_open_question_has_lines_for_who_is_asked_and_until_when(
    language: str, until: str, deputy: str
) -> None:
    asked_at = datetime(2026, 7, 1, tzinfo=UTC)
    question = PrintedDecision(
        id=UUID(int=1),
        kind=DecisionKind.improvement_proposal,
        question="Shall we?",
        rule=DecisionRule.majority,
        state=DecisionState.open,
        outcome=None,
        asked_at=asked_at,
        due_at=asked_at + timedelta(days=7),
        closed_at=None,
        position=None,
        votes=[
            PrintedVote("Ada", None, None, is_awaited=True, deputies=["Zhou"]),
            PrintedVote("Ben", VoteVerdict.approve, asked_at),
            PrintedVote("Recused", None, None),
        ],
    )
    printed = replace(a_proposal(language), decisions=[question], signatures=approval_lines([question]))
    text, _, signed = page_of(printed, language).body.partition('class="signatures"')
    assert until in text.replace('<span class="short">', "")
    assert deputy in text
    assert deputy in signed
    assert "<td>Ben<td>2026-07-01" in signed
    assert "Recused" in text
    assert "Recused" not in signed
    for_customers = page_of(page_for_customers(printed), language).body
    assert [name for name in ("Ada", "Ben", "Zhou") if name in for_customers] == []


def test_the_reason_against_the_evidence_stands_out_whoever_wrote_it_down() -> None:
    handover = a_handover("en")
    marked = '<section class="note"><h2>Reason for passing against the evidence</h2>'
    assert page_of(handover, "en").body.count(marked) == 1
    assert "Wu Fan 吴凡" in page_of(handover, "en").body, "who is yet to sit the examination"
    document = replace(handover.document, sections=handover.document.sections[:1])
    assert f"{marked}<p>The law asks for it.</p>" in page_of(replace(handover, document=document), "en").body
    erased = replace(handover, document=document, against_evidence_reason=None)
    assert f"{marked}<p>The person who gave the reason was erased." in page_of(erased, "en").body
    followed = replace(handover, document=document, against_evidence=False)
    assert marked not in page_of(followed, "en").body


def test_what_was_computed_takes_the_place_of_its_text_and_what_was_said_stays() -> None:
    body = page_of(a_report("en"), "en").body
    assert "effect -1860.0" not in body
    assert "In favour: 5" not in body
    assert body.count("<h2>Acceptance by people</h2>") == 1
    assert "<p>Well, after a week.</p>" in body
    assert "−45 min" in body


@pytest.mark.parametrize("printed", [a_report("en"), a_handover("en")], ids=["PL", "HO"])
def test_the_table_of_effects_names_its_statistic_and_level_and_has_a_row_of_the_control(
    printed: PrintedImprovement,
) -> None:
    assert printed.measured is not None
    alone = replace(printed.measured.targets[0], name="alone", control=None, control_values=None)
    of_two = replace(printed.measured, targets=[printed.measured.targets[0], alone])
    body = page_of(replace(printed, measured=of_two), "en").body
    table = body[body.index("<th>Statistic") :].partition("</table>")[0]
    rows = [re.sub(r"<[^>]+>", " ", row).split() for row in table.split("<tr>")[1:]]
    lines = [" ".join(row) for row in rows]
    assert len(lines) == 3, "each target, and the control of one"
    assert "Median 2 h 18 min (212) 1 h 48 min (187) −31 min 97.5 % interval: −45 min – −18 min" in lines[0]
    assert lines[1] == "Control restore-faster Median 2 h 6 min (98) 2 h 5 min (103) – – –"
    assert "alone Median 2 h 18 min" in lines[2]
