"""Everything that people read has words in English and Chinese, and no words are left over."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, get_args

from pydantic_core.core_schema import ErrorType

import app
import app.main  # all codes are known once the application is
from app.api.event_actions import action_of_event
from app.assistants.tools import ARGUMENTS_TABLE, TOOLS
from app.common.records import CodeEnum
from app.desk.timeline import past_label
from app.i18n import LANGUAGES, sentences
from app.i18n.entries import joined
from app.i18n.past_tense import past_tense
from app.kernel.actions.lifecycle import Action, Lifecycle
from app.kernel.actions.refusals import Refusal, WrongValue
from app.registry import LIFECYCLES
from tests.cases import each_case
from tests.every_action.world import ROWS, case_name
from tests.extent import in_test_all

CHINESE = re.compile(r"[\u4e00-\u9fff]")
SOURCES = sorted(Path(app.__path__[0]).rglob("*.py"))


def _codes(kind: type[CodeEnum]) -> Iterator[type[CodeEnum]]:
    for child in kind.__subclasses__():
        yield child
        yield from _codes(child)


OURS = [codes for codes in _codes(CodeEnum) if codes.__module__.startswith("app.")]


@each_case("codes", OURS, ids=lambda codes: codes.__name__)
def test_every_code_has_a_label_of_its_own_in_both_languages(codes: type[CodeEnum]) -> None:
    for language in LANGUAGES:
        labels = [code.label(language) for code in codes]
        assert all(label.strip() for label in labels)
        assert len(labels) == len(set(labels)), f"two codes of {codes.__name__} are called the same"
    for code in codes:
        assert CHINESE.search(code.zh), f"{code!r} has no Chinese label"
        assert not CHINESE.search(code.en)
        assert re.fullmatch(r"[A-Za-z0-9]+(_[a-z0-9]+)*", code.value)


def test_only_processes_are_called_so() -> None:
    called_so = [code for codes in OURS for code in codes if code.en == "Process"]
    assert called_so, "some codes are"
    assert [code for code in called_so if "流程" not in code.zh] == []


def test_an_event_that_several_actions_have_tells_of_the_one_that_is_called_so() -> None:
    actions_by_event = {
        event: row.name
        for lifecycle in LIFECYCLES
        for event, count in Counter(e for row in lifecycle.rows for e in row.events).items()
        if count > 1 and (row := action_of_event(lifecycle, event)) is not None
    }
    assert actions_by_event["change.approved"] == "approve"
    words = {event: event.partition(".")[2].replace("_", " ") for event in actions_by_event}
    actions = {lifecycle.kind: lifecycle.by_name for lifecycle in LIFECYCLES}
    wrong = [
        (event, name)
        for event, name in actions_by_event.items()
        for row in actions[event.partition(".")[0]].values()
        if past_tense(row.name.replace("_", " "), "en") == words[event] and row.name != name
    ]
    assert wrong == []


def test_the_past_of_each_verb_is_spelled_as_people_spell_it() -> None:
    """A short last syllable doubles its consonant, unless it is unstressed, as in these."""
    unstressed = frozenset({"answer", "charter", "edit", "enter", "offer", "open", "pilot", "reopen"})
    verbs = {row.label("en").partition(" ")[0].lower() for lifecycle in LIFECYCLES for row in lifecycle.rows}
    ends_short = re.compile(r"([^aeiou]|^)[aeiou][bcdfgklmnprstvz]$")
    wrong = {past_tense(verb, "en") for verb in verbs - unstressed if ends_short.search(verb)}
    assert {past for past in wrong if past.endswith("ed") and past[-3] != past[-4]} == set()
    assert past_tense("Fulfil", "en") == "fulfilled"


def test_to_begin_an_investigation_is_not_to_have_investigated() -> None:
    rows = [row for lifecycle in LIFECYCLES for row in lifecycle.rows if row.name == "investigate"]
    assert rows
    for row in rows:
        assert past_label(row, "en") == "investigation begun"
        assert past_label(row, "zh") == "开始调查"


def test_entries_have_the_comma_of_their_language_between_them() -> None:
    assert (joined("ab", "en"), joined("ab", "zh")) == ("a, b", "a、b")


@each_case("lifecycle", LIFECYCLES, ids=case_name)
def test_every_kind_and_action_has_a_name_of_its_own_in_both_languages(lifecycle: Lifecycle[Any]) -> None:
    assert CHINESE.search(lifecycle.zh)
    for language in LANGUAGES:
        labels = [row.label(language) for row in lifecycle.rows]
        assert len(labels) == len(set(labels))
    assert all(CHINESE.search(row.label("zh")) for row in lifecycle.rows)
    assert not any(CHINESE.search(row.label("en")) for row in lifecycle.rows)


@each_case(("lifecycle", "row"), ROWS, ids=case_name)
def test_who_may_and_what_it_means_can_be_said(lifecycle: Lifecycle[Any], row: Action[Any, Any]) -> None:
    assert row.policy.phrase("en")
    assert CHINESE.search(row.policy.phrase("zh"))
    assert re.fullmatch(r"[A-Z].*[^.]\.", row.description), "a sentence"


#: Blanks that are filled with English words, which the other language does without.
ENGLISH = {("detail", "malformed"): {"why"}}


#: The tables of sentences.
TABLES = set(
    """
    agreement_page alerted_condition api_docs assistant_arguments assistants attention
    attention_rules audit_page calendar_words certificate chart conflict conformance conformance_page
    counted_in dashboard definition_page desk detail doctor doctor_remedy document_page document_register
    due_page effect example process_change_page
    improvement_page integrations note notice notice_ask notice_field notice_part notice_why page paper
    plan_page portal process_map quality_sheet question rating_page remark remedy risk_report scorecard_page
    service_report service_status sign_in suggestion summary survey_page title value warning webhook_failure
    """.split()  # noqa: SIM905  # as a list of literals it would be fifty lines
)


def test_both_languages_have_the_same_sentences_with_the_same_blanks() -> None:
    english, chinese = (sentences(language) for language in LANGUAGES)
    assert english.keys() == chinese.keys()
    assert english.keys() == TABLES
    for table, by_code in english.items():
        assert by_code.keys() == chinese[table].keys()
        for code, sentence in by_code.items():
            translated = chinese[table][code]
            left_out = ENGLISH.get((table, code), set())
            assert _blanks(sentence) - left_out == _blanks(translated), f"{table}.{code}"
            assert CHINESE.search(translated) or not _is_english(sentence) or table == "example", (
                f"{table}.{code}"
            )
    # Some say more of a kind of problem than it says by itself, and are no kind of their own.
    of_headers = {"no_host", "bad_host", "header_twice", "transfer_coding"}
    more = of_headers | {
        "very_invalid",
        "undecodable",
        "bad_form",
        "no_such_page",
        "said_twice",
        "too_many_values",
    }
    assert english["title"].keys() == english["detail"].keys() - more


def _is_english(sentence: str) -> bool:
    """Whether it has words besides its blanks, and does not call the other language by its own name."""
    return re.search("[A-Za-z]", re.sub(r"\{\w+\}", "", sentence)) is not None


def _blanks(sentence: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", sentence))


#: What is called to refuse something.
REFUSING = ("WrongValue", "PreparationRefused", "PydanticCustomError", "problem")


@dataclass
class Source:
    """What our source says: every text that stands there by itself, and the forms of codes that are put
    together, as `column_{name}`.
    """

    texts: set[str] = field(default_factory=set)
    forms: set[str] = field(default_factory=set)

    def read(self, path: Path) -> None:
        """Takes in one file."""
        for node in ast.walk(_parsed(path)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                self.texts |= {node.value, node.value.rpartition(".")[2]}
            elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                self.texts.add(node.target.id)  # the name of a field, which codes are put together with
            elif isinstance(node, ast.JoinedStr):
                self.forms |= _form(node)


def _parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _form(node: ast.JoinedStr) -> set[str]:
    """The expression that codes match which are put together there: a word and one blank."""
    match node.values:
        case [ast.Constant(value=str(word)), ast.FormattedValue()] if re.fullmatch(
            r"(\w+\.)?[a-z]+(_[a-z]+)*_", word
        ):
            return {rf"{word.rpartition('.')[2]}(\w+)"}
        case [ast.FormattedValue(), ast.Constant(value=str(word))] if re.fullmatch(r"(_[a-z]+)+", word):
            return {rf"(\w+){word}"}
        case _:
            return set()


def _source() -> Source:
    source = Source()
    for path in SOURCES:
        source.read(path)
    for template in Path(app.__path__[0]).rglob("*.html"):
        text = template.read_text(encoding="utf-8")
        source.texts |= set(re.findall(r'"(?:\w+\.)?(\w+)"', text))
        source.forms |= {rf"{word}(\w+)" for word in re.findall(r'"(?:\w+\.)?(\w+_)(?:%d"|" ~)', text)}
    return source


def _arguments() -> set[str]:
    """The codes by which the arguments of the tools for assistants can be described."""
    names = {(tool.name, name) for tool in TOOLS.values() for name in tool.arguments.model_fields}
    return {name for _, name in names} | {f"{tool}_{name}" for tool, name in names}


@in_test_all
def test_no_sentence_is_left_over() -> None:
    source = _source()
    body = source.texts | set(get_args(ErrorType))
    for table, by_code in sentences("en").items():
        used = body | _arguments() if table == ARGUMENTS_TABLE else body
        left = [code for code in by_code.keys() - used if not _is_put_together(code, source)]
        assert sorted(left) == [], f"nobody says these of [{table}]"


def _is_put_together(code: str, source: Source) -> bool:
    """Whether some code has such a form, and a number or a text of the source in its blank."""
    matches = (re.fullmatch(form, code) for form in source.forms)
    return any(item is not None and (item[1] in source.texts or item[1].isdecimal()) for item in matches)


@cache
def _refusing_calls() -> list[tuple[str, ast.Call]]:
    """How our source refuses, each with what is called."""
    files = (path for path in SOURCES if any(f"{name}(" in path.read_text("utf-8") for name in REFUSING))
    return [
        (node.func.id, node)
        for path in files
        for node in ast.walk(_parsed(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in REFUSING
    ]


def _calls(name: str) -> list[ast.Call]:
    return [call for called, call in _refusing_calls() if called == name]


def test_every_reason_for_a_wrong_value_can_be_said() -> None:
    value = sentences("en")["value"]
    reasons = [
        keyword.value.value
        for call in _calls("WrongValue")
        for keyword in call.keywords
        if keyword.arg == "because" and isinstance(keyword.value, ast.Constant)
    ]
    assert reasons
    assert [reason for reason in reasons if reason not in value] == []
    faults = [call.args[0] for call in _calls("PydanticCustomError")]
    assert [f.value for f in faults if isinstance(f, ast.Constant) and f.value not in value] == []


def test_every_problem_can_be_said() -> None:
    titles = sentences("en")["title"]
    codes = {refusal.CODE for refusal in _refusals(Refusal)} - {WrongValue.CODE, "not_now"}
    codes |= {str(c.args[2].value) for c in _calls("problem") if isinstance(c.args[2], ast.Constant)}
    assert sorted(codes - titles.keys()) == []


def _refusals(kind: type[Refusal]) -> Iterator[type[Refusal]]:
    for child in kind.__subclasses__():
        yield child
        yield from _refusals(child)


def test_every_check_says_why_in_a_sentence_that_exists() -> None:
    titles = sentences("en")["title"]
    for _, row in ROWS:
        for check in (*row.checks.unless, *row.checks.wrong):
            assert check.__doc__, f"{check.__name__} does not say what it is for"
            for code in _returned(check.__module__, check.__name__):
                assert code in titles, f"{check.__name__} refuses with {code}"


def test_every_preparation_that_refuses_says_why_in_a_sentence_that_exists() -> None:
    titles = sentences("en")["title"]
    codes = [call.args[0] for call in _calls("PreparationRefused")]
    assert codes
    assert [c.value for c in codes if isinstance(c, ast.Constant) and c.value not in titles] == []


@cache
def _codes_returned(module: str) -> dict[str, list[str]]:
    """The codes that each check of that module gives."""
    path = Path(app.__path__[0]).parent / (module.replace(".", "/") + ".py")
    returned: dict[str, list[str]] = {}
    for node in ast.walk(_parsed(path)):
        if isinstance(node, ast.AsyncFunctionDef):
            answers = (part for part in ast.walk(node) if isinstance(part, ast.Return))
            parts = (part for answer in answers for part in ast.walk(answer))
            codes = [p.value for p in parts if isinstance(p, ast.Constant) and isinstance(p.value, str)]
            returned.setdefault(node.name, codes)
    return returned


def _returned(module: str, function: str) -> list[str]:
    """The codes that a check gives."""
    return _codes_returned(module)[function]
