"""Descriptions of the contract are whole sentences that a stranger understands."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest

from tests.contract.answers import as_written

#: Phrases that had to be read twice, with what to write instead.
CLIPPED = {
    r", as (?:`[a-z0-9_.-]+`(?=[.,;]| or )|[A-Z]{2,3}\b|\d)": "such as",
    r"\b[Nn]ull without\b": "null if there is no …",
    r"\b[Nn]ull before the first[.,;]": "name the noun: null before the first review",
    r"\b[Nn]ull (?:for|to use) (?:that|those) of\b": "null to use the agreement's calendar",
    r"\b[Nn]ull if (?:it|they) stays?\b": "null if it remains the same",
    r"`[a-z_]+` …": "such as",
    r"\{\w+[(.]": "a placeholder that was not filled in",
    r"\bfor people(?! who)\b": "name the form: the number by which people know the ticket, a page to read",
    r"[,;] for (?:staff|others)\b|\bnot staff or reviewers\b": "a sentence: only staff see this field",
}

#: A clause that reads as a property of the nearest noun, where it gives a reason or a result.
RELATIVE = re.compile(r", (?:(?:as|at|by|for|from|in|into|of|on|to|with) )?(?:which|who|whose|whom)\b")

#: The clause that says when a field is null.
NULL = re.compile(r"\bnull (?:if|until|while|before|unless|for|to)\b", re.IGNORECASE)


def descriptions(part: object) -> Iterator[str]:
    """All descriptions within this part of the contract."""
    if isinstance(part, dict):
        if isinstance(text := part.get("description"), str):
            yield " ".join(text.split())
        for name, inner in part.items():
            if name not in ("example", "examples", "default"):
                yield from descriptions(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from descriptions(inner)


def faults(text: str) -> list[str]:
    """What to write instead of clipped phrases, and of several sentences about null."""
    advices = [advice for phrase, advice in CLIPPED.items() if re.search(phrase, text)]
    about_null = re.findall(r"(?:^|[.;] )null (?:if|until|before|for|unless)\b", text, re.IGNORECASE)
    return advices + ["one sentence about null"] * (len(about_null) > 1)


@pytest.mark.parametrize(
    "text",
    [
        "Period of the KPI, as `2026-10`.",
        "Currency of the cost, as CNY.",
        "Lower end of the interval; null without an interval.",
        "Time of the last review; null before the first.",
        "Template to try; null for that of the subscription.",
        "New plan; null if it stays.",
        "Process that takes over: `problem` …, or a name.",
        "List the text blocks of one {noun(kind)}.",
        "Objection; null if there was none. Null if its author was erased.",
        "Number of the risk for people; accepted wherever the id is.",
        "Cost of a period, for staff.",
    ],
)
def test_a_clipped_phrase_is_found(text: str) -> None:
    assert len(faults(text)) == 1


def test_no_description_is_clipped() -> None:
    texts = set(descriptions(as_written()))
    assert len(texts) > 7_000
    assert {text: advices for text in texts if (advices := faults(text))} == {}


def test_no_required_field_of_a_request_is_described_as_null() -> None:
    contract = as_written()
    operations = [operation for path in contract["paths"].values() for operation in path.values()]
    bodies = [json.dumps(operation["requestBody"]) for operation in operations if "requestBody" in operation]
    names = {name for body in bodies for name in re.findall(r"#/components/schemas/(\w+)", body)}
    schemas = {name: contract["components"]["schemas"][name] for name in sorted(names)}
    required = {
        f"{name}.{field}": schema["properties"][field]
        for name, schema in schemas.items()
        for field in schema.get("required", ())
    }
    assert len(required) > 300
    assert [
        name
        for name, field in required.items()
        if '"null"' not in json.dumps(field) and NULL.search(field.get("description", ""))
    ] == []


def test_no_operation_gives_its_reason_in_a_relative_clause() -> None:
    operations = [operation for path in as_written()["paths"].values() for operation in path.values()]
    assert [
        operation["description"] for operation in operations if RELATIVE.search(operation["description"])
    ] == []
