"""Search by some of the words: people type a sentence, and want the article that fits it best.

A record scores by the words that it contains, rare words more than frequent ones (inverse document frequency;
Robertson, Spärck Jones, 1976, without length).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import log
from uuid import UUID

from app.platform.db import Database
from app.search.tokens import sentence_words, staff_tokens

#: The kinds that are searched so. Migration 1152 has an index for them: a word may be in a million tickets.
RANKED_KINDS = ("article", "catalogue_item")
SEARCHED_WORDS = 24
#: Records whose words are compared, those with the fewest words first; and the part of the best score that a
#: record must reach.
MOST_COMPARED, LEAST_SHARE = 2_000, 0.5

_KINDS = ", ".join(f"'{kind}'" for kind in RANKED_KINDS)
MATCHES = f"""
select s.id, length(s.tokens) as length, array[{{matches}}] as found from search.record s
where s.kind in ({_KINDS}) and s.kind = %(kind)s and s.tokens @@ %(any)s::tsquery
order by length(s.tokens), s.id limit {MOST_COMPARED}
"""


async def ranked_hits(db: Database, kind: str, text: str, *, staff: bool) -> dict[UUID, float]:
    """Return the scores of the records of that kind that contain some of the words, the best first; with
    `staff`, also words in texts for staff only.
    """
    words = sentence_words(text)[:SEARCHED_WORDS]
    if not words:
        return {}
    queries = [_query(word, staff) for word in words]
    parameters = {f"word{n}": query for n, query in enumerate(queries)}
    columns = ", ".join(f"s.tokens @@ %(word{n})s::tsquery" for n in range(len(queries)))
    rows = await db.tuples(
        MATCHES.format(matches=columns), {**parameters, "kind": kind, "any": " | ".join(queries)}
    )
    weights = _weights([matches for _, _, matches in rows])
    scores = {record_id: sum(_chosen(weights, matches)) for record_id, _, matches in rows}
    least = LEAST_SHARE * max(scores.values(), default=0.0)
    # Sorting is stable: of equal scores, the record with fewer words comes first.
    ranked = sorted(scores.items(), key=lambda score: score[1], reverse=True)
    return {record_id: score for record_id, score in ranked if score >= least}


def _query(word: str, staff: bool) -> str:
    tokens = {word} | (staff_tokens({word}) if staff else set())
    return "(" + " | ".join(f"'{token}'" for token in sorted(tokens)) + ")"


def _weights(rows: Sequence[Sequence[bool]]) -> list[float]:
    """Return the weight of each word by the number of rows that contain it."""
    return [log(1 + len(rows) / (1 + sum(column))) for column in zip(*rows, strict=True)]


def _chosen(weights: Sequence[float], matches: Iterable[bool]) -> Iterable[float]:
    return (weight for weight, is_match in zip(weights, matches, strict=True) if is_match)
