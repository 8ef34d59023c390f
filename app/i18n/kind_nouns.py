"""Nouns for the kinds of records in English (pure)."""

from __future__ import annotations

#: Kinds that people call by another name than the code does. A part of a record has the name of its record.
KIND_NOUNS = {
    "bulk_job": "bulk job",
    "change_assessment": "change",
    "change_implementation": "change",
    "change_plans": "change",
    "change_review": "change",
    "ci": "configuration item",
    "improvement_evaluation": "improvement",
    "improvement_judgement": "improvement",
    "improvement_motion": "improvement",
    "improvement_outcome": "improvement",
    "improvement_pilot": "improvement",
    "improvement_project": "improvement",
    "improvement_proposal": "improvement",
    "improvement_rollout": "improvement",
    "key": "API key",
    "kpi": "KPI",
    "kpi_budget": "KPI budget",
    "kpi_effect": "KPI effect",
    "kpi_rebase": "KPI re-basing",
    "kpi_signal": "KPI signal",
    "kpi_target": "KPI target",
    "maintenance": "maintenance round",
    "request_inquiry": "request",
    "request_solution_approval": "request",
    "sla": "agreement",
    "sla_reasons": "agreement",
    "stand_in": "stand-in",
    "works": "work entries",
}
#: Words that begin with a vowel sound but not with a vowel.
SPOKEN_AS_A_VOWEL = ("hour",)


def noun(kind: str) -> str:
    """Return what people call a record of the kind."""
    return KIND_NOUNS.get(kind) or kind.replace("_", " ")


def with_own_noun(description: str, kind: str) -> str:
    """Return the description with the noun of the kind instead of `the ticket`: a meeting is no ticket. A
    description that mentions `a ticket` is about two records, and stays unchanged.
    """
    return (
        description if "a ticket" in description else description.replace("the ticket", f"the {noun(kind)}")
    )


def nouns(kind: str, plural: str) -> str:
    """Return what people call records of the kind, of which the code's plural is `plural`."""
    return f"{KIND_NOUNS[kind]}s" if kind in KIND_NOUNS else plural.replace("_", " ")


def with_article(words: str) -> str:
    """Return the words with the article that is spoken before them: `an hourly rate`."""
    vowel = words[0].lower() in "aeiou" or words.startswith(SPOKEN_AS_A_VOWEL)
    return f"{'an' if vowel else 'a'} {words}"


def capitalised(words: str) -> str:
    """Return the words with a capital first letter, and the others as they are: `KPI target`."""
    return words[0].upper() + words[1:]
