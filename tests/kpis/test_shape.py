"""Whoever changes what the facts hold says so, so that an upgrade makes them anew beside the living ones."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable

import pytest

from app.conformance.facts import consumer as conformance
from app.kpis.facts import consumer as facts
from app.kpis.facts import knowledge

#: By consumer: its shape, that shape with a digest of the statements that write its tables, and their texts.
WRITTEN: dict[str, tuple[int, str, Iterable[str]]] = {
    "app/kpis/facts/consumer.py": (
        facts.SHAPE,
        "5:9175a2ab1b7f5379",
        (
            *(*facts.STATEMENTS.values(), *facts.SATISFYING.values(), *knowledge.STATEMENTS),
            *(facts.BREACHES, facts.UNKNOWN_KEYS, facts.REPEATS, facts.PROBLEM_REPEATS, facts.AGENT_DAYS),
            facts.BROUGHT,
        ),
    ),
    "app/conformance/facts/consumer.py": (conformance.SHAPE, "1:04d5f2074e179ff9", (conformance.STATEMENT,)),
}


def digest(texts: Iterable[str]) -> str:
    """Of what the statements do: without their comments, and however they are broken into lines."""
    bare = " ".join(re.sub(r"--[^\n]*", "", text) for text in texts)
    return hashlib.sha256(" ".join(bare.split()).encode()).hexdigest()[:16]


@pytest.mark.parametrize("where", WRITTEN)
def test_a_changed_statement_raises_the_shape_of_its_facts(where: str) -> None:
    shape, written, texts = WRITTEN[where]
    present = f"{shape}:{digest(texts)}"
    assert present == written, (
        f"What {where} writes has changed. If its rows are others than before, raise SHAPE there, so that "
        f"`ledgerdesk migrate` makes them anew; then write here: {shape} or one more, and {present!r}."
    )


def test_comments_and_line_breaks_change_no_shape() -> None:
    assert (
        digest(["select 1 -- one\n  from x"]) == digest(["select 1\nfrom  x"]) != digest(["select 2 from x"])
    )
