"""Texts from outside are made fit for the fields of records, and every change has a code."""

from __future__ import annotations

from typing import Annotated

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from app.kernel.actions.made_fit import Alteration, cut_text, fit_line, fit_name, fit_paragraph
from app.kernel.actions.payloads import LONGEST_LINE, LONGEST_PARAGRAPH, Paragraph, ShortText

LINE = TypeAdapter[str](Annotated[str, ShortText])
PARAGRAPH = TypeAdapter[str](Annotated[str, Paragraph])
ANY_TEXT = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from("\n\r\t\x00\x1b\x85\u2028\u202e\u2066\u200d\ufe0f\u0301enc1: \\👍🏽🇩🇪"),
    ),
    max_size=400,
)


@given(ANY_TEXT)
def test_every_text_becomes_a_line_that_a_user_could_have_sent(text: str) -> None:
    fit = fit_line(text)
    if fit.text:
        assert LINE.validate_python(fit.text) == fit.text
    if not fit.altered:
        assert fit.text in ("", text.strip())


@given(ANY_TEXT)
def test_every_text_becomes_a_paragraph_that_a_user_could_have_sent(text: str) -> None:
    fit = fit_paragraph(text, 300)
    if fit.text:
        assert PARAGRAPH.validate_python(fit.text) == fit.text
    assert len(fit.text) <= 300


@pytest.mark.parametrize(
    ("text", "line", "altered"),
    [
        ("Disk full on db1", "Disk full on db1", ()),
        ("  Disk full\n", "Disk full", ()),
        ("Disk full\non db1", "Disk full on db1", (Alteration.one_line,)),
        ("Disk full \r\n\t on db1", "Disk full on db1", (Alteration.one_line,)),
        ("two  spaces", "two  spaces", ()),
        ("\x1b[31mred\x1b[0m alert", "red alert", (Alteration.one_line,)),
        ("磁盘\u2028已满", "磁盘 已满", (Alteration.one_line,)),
        ("enc1:00", "\\enc1:00", (Alteration.escaped,)),
        ("\n enc1:00", "\\enc1:00", (Alteration.escaped,)),
        ("\x00enc1:00", "\\enc1:00", (Alteration.one_line, Alteration.escaped)),
        ("\u200b", "", (Alteration.left_out,)),
        ("", "", ()),
    ],
)
def test_a_title_is_one_line(text: str, line: str, altered: tuple[Alteration, ...]) -> None:
    assert fit_line(text) == (line, altered)


def test_a_paragraph_keeps_line_breaks_tabs_and_direction_marks() -> None:
    text = "one\n\ttwo \u202bשלום\u202c \u2067x\u2069 \u200f"
    assert fit_paragraph(text) == (text, ())
    assert fit_paragraph("one\r\ntwo") == ("one\ntwo", ())
    assert fit_paragraph("one\x0btwo\x07") == ("one\ntwo", (Alteration.characters_removed,))


def test_a_long_text_is_cut_at_a_character() -> None:
    assert fit_line("字" * (LONGEST_LINE + 1)) == ("字" * (LONGEST_LINE - 1) + "…", (Alteration.cut,))
    assert len(fit_paragraph("x" * 30_000).text) == LONGEST_PARAGRAPH
    assert cut_text("ae\u0301bcd", 4) == "ae\u0301…"
    assert cut_text("ae\u0301bcd", 3) == "a…"
    assert cut_text("a👨\u200d👩\u200d👧bc", 5) == "a…"
    assert cut_text("a👍🏽bc", 3) == "a…"
    assert cut_text("🇩🇪🇫🇷🇨🇳", 4) == "🇩🇪…"
    assert cut_text("\u0301" * 10, 4) == "\u0301" * 3 + "…"


def test_names_that_differ_stay_different() -> None:
    long = "x" * 300
    names = ["a b", "a\nb", "a\tb", long + "1", long + "2", "\u200b", "\u200c"]
    fit = [fit_name(name) for name in names]
    assert len(set(fit)) == len(names)
    assert fit[0] == "a b"
    assert all(LINE.validate_python(name) == name for name in fit)
