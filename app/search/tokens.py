"""Tokenisation of texts and queries for search (pure).

Words of letters and digits are split at other characters. Chinese has no separators: of a run of its
characters, each character and each pair of neighbours is a token. Keys and numbers are found by their
prefixes, too. Queries are split in the same way.
"""

from __future__ import annotations

import re
import unicodedata
from itertools import pairwise
from pathlib import Path

#: To be raised when anything here changes, or another kind is searched: the consumer then has another name
#: and rebuilds the index.
EDITION = 2
# Longer words are cut: people do not type more of a word to find it.
LONGEST_WORD = 64
# PostgreSQL limits the tokens of one record to a megabyte; those of a text of this length are less than half.
LONGEST_TEXT = 40_000
SHORTEST_BEGINNING, LONGEST_BEGINNING = 4, 40
STAFF_ONLY = "!"
#: English words of nearly every sentence, by their stems.
FREQUENT_WORDS = frozenset((Path(__file__).parent / "frequent_words.txt").read_text("utf-8").split())
# Characters that join the parts of a key, an address or a number, and are never at its ends.
_JOINTS = "-_./:@"
# Ideographs, with those of compatibility and of the planes 2 and 3; kana; Hangul.
_CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
_CJK_RUN = re.compile(f"[{_CJK}]+")
_WORD_PATTERN = re.compile(r"[^\W_]+")
_TERM = re.compile(rf"[{_CJK}]+|(?:[^\W_{_CJK}]|(?<=\w)[{_JOINTS}]+(?=\w))+")


def text_tokens(text: str) -> set[str]:
    """Return the tokens of a text: the words of its first LONGEST_TEXT characters."""
    text = _normalised(text)[:LONGEST_TEXT]
    if text.isascii():
        return {_stem(word) for word in _WORD_PATTERN.findall(text)}
    tokens = {_stem(word) for word in _WORD_PATTERN.findall(_CJK_RUN.sub(" ", text))}
    for run in _CJK_RUN.findall(text):
        tokens.update(run)
        tokens.update(map("".join, pairwise(run)))
    return tokens


def key_tokens(key: str) -> set[str]:
    """Return the tokens of a key: its words, and its prefixes up to the whole key."""
    tokens = text_tokens(key)
    for term in _TERM.findall(_normalised(key)):
        if not _CJK_RUN.fullmatch(term):
            tokens |= _beginnings(term, SHORTEST_BEGINNING)
    return tokens


def number_tokens(number: str) -> set[str]:
    """Return the tokens of a ticket's number: its words, and the prefixes that are longer than code and
    year.
    """
    number = _normalised(number)
    return text_tokens(number) | _beginnings(number, number.rfind("-") + 2)


def _beginnings(term: str, shortest: int) -> set[str]:
    return {term[:size] for size in range(shortest, min(len(term), LONGEST_BEGINNING) + 1)}


def staff_tokens(tokens: set[str]) -> set[str]:
    """Return the tokens marked as found by staff only. No word contains the mark."""
    return {STAFF_ONLY + token for token in tokens}


def terms(text: str) -> list[tuple[frozenset[str], str | None]]:
    """Return the terms of a query: for each the words that must all be found, or, if there is one, the key or
    prefix of a key that suffices instead.
    """
    searched: list[tuple[frozenset[str], str | None]] = []
    for term in dict.fromkeys(_TERM.findall(_normalised(text))):
        if _CJK_RUN.fullmatch(term):
            searched.append((frozenset(map("".join, pairwise(term))) or frozenset(term), None))
        else:
            words = frozenset(map(_stem, _WORD_PATTERN.findall(term)))
            exact_term = None if _WORD_PATTERN.fullmatch(term) else term[:LONGEST_BEGINNING]
            if words:  # a colon between two Chinese words is a term without any
                searched.append((words, exact_term))
    return searched


def sentence_words(text: str) -> list[str]:
    """Return the tokens of a sentence that a search can use one by one: words that are not in nearly every
    sentence, and pairs of Chinese characters. Where nothing else is left, also the frequent words.
    """
    text = _normalised(text)
    words = [_stem(word) for word in _WORD_PATTERN.findall(_CJK_RUN.sub(" ", text))]
    rare = [word for word in words if word not in FREQUENT_WORDS]
    pairs = ["".join(pair) for run in _CJK_RUN.findall(text) for pair in pairwise(run)]
    return list(dict.fromkeys(rare + pairs)) or list(dict.fromkeys(words + list(text_tokens(text))))


def _normalised(text: str) -> str:
    """Return the text without differences of case and of character width."""
    return (text if text.isascii() else unicodedata.normalize("NFKC", text)).casefold()


def _stem(word: str) -> str:
    """Return the word without the s of an English plural."""
    if len(word) > 3 and word[-1] == "s" and word[-2] != "s" and word.isascii() and word.isalpha():
        word = word[:-1]
    return word[:LONGEST_WORD]
