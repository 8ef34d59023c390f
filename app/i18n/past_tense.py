"""A person's act, from the label of the action: `Acknowledge` becomes `acknowledged` (pure)."""

from __future__ import annotations

#: The past tense of verbs that do not end in -ed.
_IRREGULAR = {
    "begin": "began",
    "break": "broke",
    "draw": "drew",
    "give": "gave",
    "go": "went",
    "hold": "held",
    "keep": "kept",
    "leave": "left",
    "lend": "lent",
    "let": "let",
    "make": "made",
    "put": "put",
    "read": "read",
    "send": "sent",
    "set": "set",
    "show": "showed",
    "take": "took",
    "withdraw": "withdrew",
    "write": "wrote",
}
#: Verbs whose last consonant is doubled.
_DOUBLED = frozenset(
    {"cancel", "defer", "drop", "flag", "fulfil", "log", "plan", "refer"}
    | {"step", "stop", "submit", "resubmit", "tag", "transfer", "untag"}
)
VOWELS = "aeiou"


def past_tense(label: str, language: str) -> str:
    """Return the label of an action in the past tense. A Chinese verb has no tense."""
    if language == "zh":
        return label
    verb, space, rest = label.partition(" ")
    return f"{_past(verb.lower())}{space}{rest}"


def _past(verb: str) -> str:
    if verb in _IRREGULAR:
        return _IRREGULAR[verb]
    if verb in _DOUBLED:
        return f"{verb}{verb[-1]}ed"
    if verb.endswith("e"):
        return f"{verb}d"
    if verb.endswith("y") and verb[-2] not in VOWELS:
        return f"{verb[:-1]}ied"
    return f"{verb}ed"
