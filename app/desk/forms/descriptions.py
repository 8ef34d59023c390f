"""Texts for people in the API's description of a field (pure)."""

from __future__ import annotations

import re

#: Words that mean something only to programs: code, null, ids and keys, paths, and names of members.
MACHINE_WORDS = re.compile(
    r"`|/v\d/|\bnull\b|\bids?\b|\bkeys? (?:of|or)\b|\b[a-z]+(?:_[a-z]+)+\b|<[a-z]+>|\bJSON\b", re.IGNORECASE
)
#: How a description begins whose field names a record: people choose the record, and not its key.
_NAMED_BY = re.compile(
    r"^(?:The |Their |Its )?(?:keys?|ids?)(?: or (?:keys?|ids?|numbers?))* of (?=\w)", re.IGNORECASE
)
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")
_CLAUSE_END = re.compile(r"(?:[;:]|,(?= null\b| or null\b))\s+", re.IGNORECASE)


def readable(description: str) -> str:
    """Return the description without the clauses that only programs need, such as what null means; nothing
    if nothing else is there.
    """
    sentences = (_readable_sentence(sentence) for sentence in _SENTENCE_END.split(description))
    return " ".join(sentence for sentence in sentences if sentence)


def _readable_sentence(sentence: str) -> str:
    clauses = ""
    for clause in _clauses(_NAMED_BY.sub("", sentence)):
        if MACHINE_WORDS.search(clause):
            break
        clauses += clause
    clauses = re.sub(r"^True if\b", "Whether", clauses.strip().rstrip(";:,"))
    if not clauses:
        return ""
    return f"{clauses[0].upper()}{clauses[1:]}{'' if clauses[-1] in '.!?' else '.'}"


def _clauses(sentence: str) -> list[str]:
    ends = [match.end() for match in _CLAUSE_END.finditer(sentence)]
    return [sentence[begin:end] for begin, end in zip([0, *ends], [*ends, len(sentence)], strict=True)]
