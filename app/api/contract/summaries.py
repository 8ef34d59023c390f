"""Summaries of actions: verb and object, at most six words, no two alike in the contract (pure).

A summary is how the description of the action begins, with the kind of its record. Operations that are no
actions say theirs in the route.
"""

from __future__ import annotations

import re

#: Kinds that people call by another name than the code does.
KIND_NOUNS = {
    "bulk_job": "bulk job",
    "ci": "configuration item",
    "key": "API key",
    "kpi": "KPI",
    "kpi_budget": "KPI budget",
    "kpi_effect": "KPI effect",
    "kpi_rebase": "KPI re-basing",
    "kpi_signal": "KPI signal",
    "kpi_target": "KPI target",
    "sla": "agreement",
    "stand_in": "stand-in",
    "works": "work entries",
}
#: Words that begin with a vowel sound but not with a vowel.
SPOKEN_AS_A_VOWEL = ("hour",)
#: What shared actions call the record, of whatever kind it is.
ANY_RECORD = ("ticket", "record")
MOST_SUMMARY_WORDS = 6


def of_action(description: str, kind: str) -> str:
    """Return the summary of the action of that kind: how its description begins, up to the first stop, as
    said of any record. `Complete a task of the ticket.` is `Complete a task of an incident`; if that were too
    long, `Complete an incident's task`.
    """
    called = noun(kind)
    record = with_article(called)
    names = "|".join(map(re.escape, (called, called.rpartition(" ")[2], *ANY_RECORD)))
    stated = re.split(r"[:;,.]", description)[0]
    one_record = rf"\bthe (?!next\b)(\w+ )??({names})\b"
    summary = re.sub(one_record, lambda match: with_article(f"{match[1] or ''}{called}"), stated, count=1)
    if len(summary.split()) > MOST_SUMMARY_WORDS:
        belongs = rf"(\w+)(?: an?| the)? ((?:\w+ ){{0,2}}\w+) (?:of|on|from|about) {re.escape(record)}"
        summary = re.sub(belongs, rf"\1 {record}'s \2", summary)
    return summary


def noun(kind: str) -> str:
    """Return what people call a record of the kind."""
    return KIND_NOUNS.get(kind) or kind.replace("_", " ")


def nouns(kind: str, plural: str) -> str:
    """Return what people call records of the kind, of which the code's plural is `plural`."""
    return f"{KIND_NOUNS[kind]}s" if kind in KIND_NOUNS else plural.replace("_", " ")


def with_article(words: str) -> str:
    """Return the words with the article that is spoken before them: `an hourly rate`."""
    vowel = words[0].lower() in "aeiou" or words.startswith(SPOKEN_AS_A_VOWEL)
    return f"{'an' if vowel else 'a'} {words}"
