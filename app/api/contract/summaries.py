"""Summaries of actions: verb and object, at most seven words, no two alike in the contract (pure).

A summary is the beginning of the action's description, with the kind of its record. Operations other than
actions have their summary in the route.
"""

from __future__ import annotations

import re

from app.i18n.kind_nouns import noun, with_article

#: Words that shared actions use for a record of any kind.
ANY_RECORD = ("ticket", "record")
MOST_SUMMARY_WORDS = 7


def of_action(description: str, kind: str) -> str:
    """Return the summary of the action of that kind: the beginning of its description, up to the first stop,
    for any record. `Complete a task of the ticket.` becomes `Complete a task of an incident`; if that is too
    long, `Complete an incident's task`.
    """
    called = noun(kind)
    record = with_article(called)
    names = "|".join(map(re.escape, (called, called.rpartition(" ")[2], *ANY_RECORD)))
    stated = re.split(r"[:;,.]", description)[0]
    one_record = rf"\bthe (?!next\b)(\w+ )??({names})\b"
    summary = re.sub(one_record, lambda match: with_article(f"{match[1] or ''}{called}"), stated, count=1)
    if len(summary.split()) > MOST_SUMMARY_WORDS:
        belongs = rf"(\w+)(?: an?| the)? ((?:\w+ ){{0,2}}\w+) (?:of|on|from|about) {re.escape(record)}(?!')"
        summary = re.sub(belongs, rf"\1 {record}'s \2", summary)
    return summary
