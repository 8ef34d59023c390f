"""Docs, interface, contract and source are short, and in plain English (docs/contributing.md)."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest

from app.platform.settings import PROJECT
from tests.tidy.prose import (
    HABITS,
    Habit,
    Text,
    comment_texts,
    contract_texts,
    docs_texts,
    docstring_texts,
    habits_above_limit,
    interface_texts,
    is_generated,
    pages,
    prose_of,
)
from tests.tidy.source import fail_for

MOST_WRITTEN_WORDS = 85_000
MOST_WORDS_OF_A_PAGE = 2_500
MOST_WORDS_OF_A_DECISION = 700
EXAMPLES = {
    "forms of tell": "The event tells its time.",
    "forms of say": "The row says so.",
    "whoever, whom": "It goes to whoever asks.",
    "nobody, none": "There is none.",
    "old words": "It is computed anew.",
    "a clause as the subject": "What is left out is counted.",
    "Of at the beginning": "Of two, the later holds.",
    "verb before its subject": "The key ends, and so does the session.",
}


def word_counts() -> dict[str, int]:
    """Return the number of words of each page that people wrote."""
    contents = {str(page.relative_to(PROJECT)): page.read_text(encoding="utf-8") for page in pages()}
    return {name: len(content.split()) for name, content in contents.items() if not is_generated(content)}


def test_a_written_page_is_read_in_ten_minutes_and_a_decision_in_two() -> None:
    long = []
    for name, count in word_counts().items():
        limit = MOST_WORDS_OF_A_DECISION if name.startswith("docs/decisions/") else MOST_WORDS_OF_A_PAGE
        if count > limit:
            long.append(f"{name}: {count} words instead of at most {limit}")
    fail_for(long, "Cut history, asides and what code or other pages show, or divide the page.")


def test_all_written_pages_together_stay_short() -> None:
    written = sum(word_counts().values())
    assert written <= MOST_WRITTEN_WORDS, "Cut a page, or merge two that share a reader."


@pytest.mark.parametrize(
    "texts", [docs_texts, interface_texts, contract_texts, docstring_texts, comment_texts]
)
def test_texts_for_readers_are_in_plain_english(texts: Callable[[], Iterable[Text]]) -> None:
    fail_for(habits_above_limit(texts()), "Rephrase these sentences (docs/contributing.md).")


@pytest.mark.parametrize("habit", HABITS, ids=lambda habit: habit.name)
def test_a_habit_is_found(habit: Habit) -> None:
    above = habits_above_limit([Text("page.md:1", EXAMPLES[habit.name])])
    assert [paragraph.partition(":")[0] for paragraph in above] == [habit.name]


def test_code_and_addresses_are_not_prose_and_questions_may_begin_with_what() -> None:
    page = "# What can I do?\n\n`told` and [here](whoever.md)\n```\nthe row says\n```\n- Plain.\n"
    texts = list(prose_of("page.md", page))
    assert [text.place for text in texts] == ["page.md:1", "page.md:2", "page.md:3", "page.md:7"]
    assert habits_above_limit(texts) == []


def test_a_generated_page_is_known_by_its_first_lines() -> None:
    assert is_generated("# KPIs\n\nGenerated from `app/kpis` by `make contract`; do not edit.\n")
    assert not is_generated("# Contributing\n\n`make contract` writes generated pages.\n")
