"""A text in which a person has to say something says something."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from annotated_types import MinLen
from pydantic import BaseModel

from app.common.personal import Personal
from app.kernel.actions.actor_policy import Relation
from app.kernel.actions.payload_fields import LEAST_LETTERS, DemandedText, is_meaningful
from app.kernel.actions.payloads import LONGEST_LINE, LONGEST_PARAGRAPH, marks, part_types
from app.kernel.commands.statements import empty_statements
from app.processes.problems.payloads import CloseProblem
from app.registry import LIFECYCLES
from tests.client import Api, an_incident
from tests.processes.incidents.test_alerts import tool_of

#: What people write in a conversation, or answer in a survey, may be as short as they like.
CONVERSATION = {
    ("comment", "text"),
    ("comment", "folded"),
    ("correct_comment", "text"),
    ("pass_on_comment", "text"),
    ("pass_on_comment", "folded"),
    ("rate", "comment"),
    ("collect", "answers/text"),
    ("respond", "answers/text"),
}


@pytest.mark.parametrize(
    "text",
    [
        *("-", ".", "x", "…", "xxx", "None", "n/a", "N.A.", "无", "没有", "🔥", "?", "1", "12345", "99 %"),
        *(
            "none, none",
            "aaaa",
            "a" * 300,
            "aaa bbb",
            "啊啊啊",
            "无。无。",
            "   ",
            "没有理由",
            "No reason",
            "none, because",
            "None because -",
            "N/A since x",
            "无，因为",
            "同上",
            "Same as above",
        ),
        *("同上", "Same as above", "1a", "Ｎ／Ａ", "n_a"),
        *(
            "As above",
            "see attachment",
            "参见上文",
            "Later.",
            "remedy later",
            "To be defined",
            "as discussed",
            "asdf",
            "稍后。",
            "以后再说",
            "待定",
            "TBC",
            "tba",
            "不明",
            "是",
            "否。",
        ),
    ],
)
def test_a_filler_says_nothing(text: str) -> None:
    assert not is_meaningful(text)


@pytest.mark.parametrize(
    "text",
    ["OK", "同意", "none, because nothing was installed", "无，因为没有测试环境", "99 % up", "No assets"],
)
def test_a_short_answer_is_meaningful(text: str) -> None:
    assert is_meaningful(text)


#: They report that work is over, or is not, but nothing about it.
EMPTY_ACCOUNTS = ("done", "Tested.", "passed", "pending", "abc", "siehe oben", "已测试", "完成", "原因不明")


@pytest.mark.parametrize("text", ["ok", "Yes.", "no", "Test", "好的", "测试", *EMPTY_ACCOUNTS])
def test_an_answer_is_a_line_and_no_statement(text: str) -> None:
    assert is_meaningful(text)
    assert marks(CloseProblem, DemandedText)["lessons"].fault(text) == "says_nothing"
    assert DemandedText(in_full=True).fault(f"{text}, as it was measured") is None


@pytest.mark.parametrize("text", ["asdfasdf", "blah blah", "没有没有", "abab", "哈哈"])
def test_what_only_repeats_is_no_statement(text: str) -> None:
    assert DemandedText(in_full=True).fault(text) == "says_nothing"


#: What people write into a field to get past it.
FILLED_IN = ("-", ".", "x", "none", "n/a", "无", "   ", "aa", "a" * 40, "啊啊啊", "—", "N.A.", "\u200b\u200b")

PUNCTUATION = ("-", ".", "—", "   ", "……", "？！", "\u200b\u200b")


def test_no_demanded_text_of_any_action_takes_a_filler() -> None:
    tried = 0
    for row in {row for lifecycle in LIFECYCLES for row in lifecycle.rows}:
        for body in _bodies(row.body):
            for field, mark in marks(body, DemandedText).items():
                several = "tuple" in str(body.model_fields[field].annotation)
                unset: dict[str, object] = dict.fromkeys(body.model_fields)
                for text in PUNCTUATION if mark.is_note else FILLED_IN:
                    value = (text,) if several else text
                    sent = body.model_construct(None, **unset | {field: value})
                    [(pointer, _)] = empty_statements(sent)
                    assert pointer == (f"/{field}/0" if several else f"/{field}"), (row.name, field, text)
                    tried += 1
    assert tried > 5_000


@pytest.mark.parametrize(
    ("text", "letters", "is_enough"), [("305", 0, True), ("SOP-12", 1, True), ("12345", 1, False)]
)
def test_numbers_of_documents_and_rooms_need_fewer_letters(text: str, letters: int, is_enough: bool) -> None:
    assert is_meaningful(text, letters) is is_enough


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("SOP-12", None),
        ("jira:CHG-7", None),
        ("https://wiki.example/handbook", None),
        ("305", None),
        *(
            (text, "no_number")
            for text in (
                "SNOW",
                "Remedy later",
                "Jira",
                "Office 365",
                "none, because of 2 notes",
                "change",
                "变更单",
                "30",
                "-",
            )
        ),
    ],
)
def test_a_number_of_another_tool_has_a_digit_and_is_no_tool(text: str, code: str | None) -> None:
    assert DemandedText(letters=1, is_number=True).fault(text) == code


#: Fields of names that may be digits, and of numbers that need one letter.
WITH_FEWER_LETTERS = {
    **dict.fromkeys(("place", "subclass"), 0),
    **dict.fromkeys(("external_number", "external_numbers", "fixing_change", "signed_document"), 1),
}


def test_every_line_but_a_title_needs_words_or_is_a_name() -> None:
    letters: dict[str, int] = {}
    for row in {row for lifecycle in LIFECYCLES for row in lifecycle.rows}:
        for body in _bodies(row.body):
            for field, mark in marks(body, DemandedText).items():
                if mark.letters != LEAST_LETTERS and (mark.letters or field in LINES):
                    letters[field] = mark.letters
                    assert mark.is_number == bool(mark.letters), "a number needs one letter"
    assert letters == WITH_FEWER_LETTERS, "add a name or a number of another system to WITH_FEWER_LETTERS"


def _texts(body: type[BaseModel], within: str = "") -> Iterator[tuple[str, bool]]:
    """The paragraphs in people's own words, and whether they have to say something."""
    for field in marks(body, Personal):
        declared = body.model_fields[field]
        if f"max_length={LONGEST_PARAGRAPH}" in f"{declared.annotation} {declared.metadata}":
            yield f"{within}{field}", field in marks(body, DemandedText)
    for field, part in part_types(body).items():
        yield from _texts(part, f"{within}{field}/")


def test_every_text_of_an_action_has_to_say_something_but_those_of_conversations() -> None:
    exempt, demanded = set(), 0
    for row in {row for lifecycle in LIFECYCLES for row in lifecycle.rows}:
        for field, must in _texts(row.body):
            demanded += must
            if not must:
                exempt.add((row.name, field))
    assert exempt == CONVERSATION
    assert demanded > 300


#: Lines that are the content of a record, and no name, key or filter.
LINES = frozenset(
    {
        *(
            "begins_with",
            "ends_with",
            "department",
            "inputs",
            "outputs",
            "templates",
            "checklists",
            "outcomes",
        ),
        *("risk", "term", "evidence", "place", "medium", "departments", "skills", "checkpoint", "manual"),
        *("business_goal", "refers_to", "signed_document", "business_process", "items", "deliverable_en"),
        *("deliverable_zh", "external_number", "external_numbers", "fixing_change", "subclass", "template"),
    }
)


def _bodies(body: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """The payload and its parts."""
    yield body
    yield from part_types(body).values()


def test_every_line_that_is_content_has_to_say_something() -> None:
    silent: set[tuple[str, str]] = set()
    marked: set[tuple[str, str]] = set()
    for row in {row for lifecycle in LIFECYCLES for row in lifecycle.rows}:
        for body in _bodies(row.body):
            demanded = marks(body, DemandedText)
            for field in LINES.intersection(body.model_fields):
                declared = body.model_fields[field]
                if f"max_length={LONGEST_LINE}" in f"{declared.annotation} {declared.metadata}":
                    (marked if field in demanded else silent).add((body.__name__, field))
    assert {field for _, field in marked} == LINES
    # A person's department, and the key of a change's template.
    assert {body for body, _ in silent} == {"AddPerson", "EditPerson", "ProvisionPerson", "DraftChange"}


async def test_a_person_learns_which_texts_say_nothing_and_a_tool_is_not_asked(api: Api) -> None:
    agent = await api.client("Ann", "agent")
    says_nothing = an_incident(title=".", description="-")

    refused = await agent.post("/v1/incidents", json=says_nothing)

    assert refused.status_code == 422, refused.text
    assert [(e["pointer"], e["code"]) for e in refused.json()["errors"]] == [
        ("/title", "only_punctuation"),
        ("/description", "only_punctuation"),
    ]
    incident = await agent.post_ok("/v1/incidents", an_incident())
    await agent.post_ok(f"/v1/incidents/{incident['id']}/comment", {"text": "?"})
    tool = await tool_of(api)
    assert (await tool.post_ok("/v1/incidents", says_nothing))["title"] == "."


async def test_a_requester_reports_corrects_cancels_and_reopens_in_plain_words(api: Api) -> None:
    agent, customer = await api.client("Ann", "agent"), await api.client("Yan")
    words = ("卡", "404", "急急急", "见附件", "192.168.1.7")
    incidents = [
        await customer.post_ok("/v1/incidents", an_incident(title=word, description=word)) for word in words
    ]
    first, second = (incident["id"] for incident in incidents[:2])

    for word in ("慢", "E-1234"):
        edited = await customer.patch(
            f"/v1/incidents/{first}", json={"description": word}, headers={"If-Match": "*"}
        )
        assert edited.status_code == 200, edited.text
    await customer.post_ok(f"/v1/incidents/{first}/cancel", {"reason": "已解决"})
    refused = await agent.post(f"/v1/incidents/{second}/cancel", json={"reason": "done"})

    assert refused.status_code == 422, refused.text
    assert refused.json()["errors"][0]["code"] == "says_nothing"


async def test_staff_with_an_incident_of_their_own_are_its_requester_only_in_what_requesters_do(
    api: Api,
) -> None:
    agent = await api.client("Ann", "agent")
    incident = await agent.post_ok("/v1/incidents", an_incident(description="404"))
    path = f"/v1/incidents/{incident['id']}"
    await agent.post_ok(f"{path}/assign", {"person": "me"})
    await agent.post_ok(f"{path}/start")

    resolution = {"resolution_code": "fixed", "done": "done"}
    assert (await agent.post(f"{path}/resolve", json=resolution)).status_code == 422
    await agent.post_ok(f"{path}/resolve", resolution | {"done": "The relay was restarted."})
    await agent.post_ok(f"{path}/reopen", {"reason": "no"})


#: Demanded lists that may be empty only with a reason, by the field with the reason.
EMPTY_FOR_A_REASON = {
    "ProposeSolutionRequest/risks": "no_risks_reason",
    "ReviewIncident/actions": "no_actions_reason",
}
#: Demanded lists that are a selection or a setting, where nothing is an answer.
SELECTIONS = {
    *("AddCalendar/weekly", "ReviseCalendar/weekly", "AddPriorityMatrix/cells", "RevisePriorityMatrix/cells"),
    *("AddRiskMatrix/cells", "SetPreferencesPerson/told_of", "SetPreferencesPerson/told_by_mail"),
    *("PlanRelease/changes", "RaiseProblem/affected_services", "RaiseProblem/affected_customers"),
    *("AcceptProblemCandidate/affected_services", "AcceptProblemCandidate/affected_customers"),
    *("ReportProgressRequest/milestones", "ReportProgress/milestones", "RollOutImprovement/steps"),
    "ConcludeImprovementAssessment/verdicts",
}


def test_a_demanded_list_is_empty_only_for_a_reason() -> None:
    demanded = {
        f"{row.body.__name__}/{name}": row.body
        for lifecycle in LIFECYCLES
        for row in lifecycle.rows
        if row.policy.relations != frozenset({Relation.rule}) or row.policy.roles
        for name, declared in row.body.model_fields.items()
        if declared.is_required()
        and str(declared.annotation).startswith("tuple")
        and not any(isinstance(bound, MinLen) for bound in declared.metadata)
    }
    assert demanded.keys() == EMPTY_FOR_A_REASON.keys() | SELECTIONS
    for name, reason in EMPTY_FOR_A_REASON.items():
        assert reason in marks(demanded[name], DemandedText), name
