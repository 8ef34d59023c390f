"""Every template escapes what it is given, knows all of its names, and is in the room's one environment."""

from __future__ import annotations

import re
import sys
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from jinja2 import FileSystemBytecodeCache, UndefinedError
from markupsafe import Markup

from app.api.service.pages import page
from app.html import filters, templates
from app.html.templates import ENVIRONMENT, PACKAGE, compile_templates, render, template_names
from app.html.wording import Wording
from app.i18n import LANGUAGES, sentences

HARM = "<script>alert(\"1\" + '2') & more</script>"
WORDING = Wording("en", "page")
#: A sentence that a template names in full, and the tables of those without a table's name, by their folder.
SENTENCE = re.compile(r'\b(sentence|say)\("([a-z_.0-9]+)"(?! ~)')
OWN_TABLES = {
    ("desk", "sentence"): "desk",
    ("dashboard", "sentence"): "desk",
    ("dashboard", "say"): "dashboard",
}
#: Ways out of escaping, which are for Python code that says why.
UNESCAPED = re.compile(r"\|\s*safe\b|autoescape|Markup")


def test_every_template_compiles_and_none_switches_escaping_off() -> None:
    compile_templates()
    assert ENVIRONMENT.autoescape is True
    names = list(template_names())
    assert "html/page.html" in names
    assert [name for name in names if UNESCAPED.search((PACKAGE / name).read_text(encoding="utf-8"))] == []


def test_the_next_process_reads_what_this_one_has_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled = []
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    # The first environment may find templates compiled, or write them.
    for name in template_names():
        templates.make_environment().get_template(name)
        environment = templates.make_environment()
        monkeypatch.setattr(environment, "compile", lambda *args, name=name, **named: compiled.append(name))
        environment.get_template(name)
    assert compiled == []


def test_a_folder_that_cannot_be_written_to_only_costs_time(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    environment = templates.make_environment()
    assert isinstance(environment.bytecode_cache, FileSystemBytecodeCache)
    environment.bytecode_cache.directory = str(tmp_path / "absent" / "folder")
    assert environment.get_template("html/page.html").name == "html/page.html"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_that_a_template_names_is_there(language: str) -> None:
    tables, missing, count = sentences(language), [], 0
    for template in template_names():
        for function, name in SENTENCE.findall((PACKAGE / template).read_text(encoding="utf-8")):
            table, _, code = name.rpartition(".")
            table = table or OWN_TABLES.get((template.partition("/")[0], function), "")
            if table:
                count += 1
                missing += [f"{template}: {name}"] if code not in tables[table] else []
    assert count > 100
    assert missing == []


def test_no_script_and_no_style_stands_within_an_element() -> None:
    inline = re.compile(r'<script(?![^>]* src=)| on\w+="| style="', re.IGNORECASE)
    texts = {name: (PACKAGE / name).read_text(encoding="utf-8") for name in template_names()}
    assert [name for name, text in texts.items() if inline.search(text)] == []


def test_what_is_put_into_a_page_is_escaped_in_texts_and_in_attributes() -> None:
    problem = {"code": HARM, "status": HARM, "type": f'"{HARM}', "title": HARM}
    html = render("api/service/problem_kinds.html", WORDING, kinds=[problem])
    assert "<script" not in html
    assert html.count("&lt;script&gt;") == 4
    assert 'href="&#34;&lt;script' in html


def test_markup_stays_as_it_is_and_text_within_it_does_not() -> None:
    body = Markup("<p>{}</p>").format(HARM)
    html = bytes(page("en", HARM, body).body).decode()
    assert "<script" not in html
    assert "<p>&lt;script&gt;" in html


def test_a_name_that_nobody_gave_is_an_error() -> None:
    with pytest.raises(UndefinedError, match="body"):
        render("html/page.html", WORDING, title="Title")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_sentence_is_of_the_pages_own_table_unless_it_names_another(language: str) -> None:
    wording = Wording(language, "rating_page")
    assert wording.sentence("title") == Wording(language, "page").sentence("rating_page.title")
    assert wording.sentence("page.problems") == Wording(language, "page").sentence("problems")


def test_times_are_by_the_clocks_of_a_zone() -> None:
    instant = datetime(2026, 6, 30, 16, 30, tzinfo=UTC)
    assert filters.moment(instant, ZoneInfo("Asia/Shanghai")) == "2026-07-01 00:30 UTC+8"
    assert filters.day(instant, ZoneInfo("Asia/Shanghai")) == "2026-07-01"
    assert filters.day(instant) == "2026-06-30"
    assert filters.moment(None, ZoneInfo("Asia/Shanghai")) == filters.day(None) == ""


def test_texts_of_several_lines_keep_them_and_are_escaped() -> None:
    assert filters.paragraphs("<b>\n\ntwo") == "<p>&lt;b&gt;</p><p>two</p>"
    assert filters.paragraphs(None) == ""
    assert filters.breaks("<b>\ntwo") == "&lt;b&gt;<br>two"
    assert filters.code_marks("say `<b>` here") == "say <code>&lt;b&gt;</code> here"


def test_values_stand_out_and_stay_on_one_line_and_are_escaped() -> None:
    assert filters.short("<b>") == '<span class="short">&lt;b&gt;</span>'
    assert filters.short(None) == ""
    assert filters.strong("<b>") == "<b>&lt;b&gt;</b>"
    assert filters.classed("<b>", '"x') == '<span class="&#34;x">&lt;b&gt;</span>'
    ends = filters.span(("<1>", "2"))
    assert ends == '<span class="short">&lt;1&gt;</span> – <span class="short">2</span>'


def test_numbers_have_commas_and_shares_their_per_cents() -> None:
    assert (filters.grouped(1234567), filters.grouped(None)) == ("1,234,567", "")
    assert (filters.percent("0.925"), filters.percent("0.9995")) == ("92.5 %", "99.95 %")
    assert filters.rounded_percent("0.12345") == "12.3 %"


def test_the_wheel_holds_the_templates(pytestconfig: pytest.Config) -> None:
    """Hatchling takes every file of `app` that no ignore rule names."""
    settings = (Path(pytestconfig.rootpath) / "pyproject.toml").read_text(encoding="utf-8")
    assert 'only-include = ["app", ' in settings
    ignored = (Path(pytestconfig.rootpath) / ".gitignore").read_text(encoding="utf-8")
    assert ".html" not in ignored
