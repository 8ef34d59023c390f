"""The filter `q` of lists: only records in which the caller can read the searched words."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from app.api.listings.filters import Parameter, WhereClause
from app.api.records.shapes import Renderer
from app.common.components import Component
from app.search.query import is_searchable, search

LONGEST = 200


# A regular expression for one searchable character: no white space, control character or punctuation, as far
# as ranges express that.
WORD_PATTERN = r"[^\u0000-/:-@\[-^`{-\u00a9\u2000-\u206f\u2800\u3000-\u3003\ufeff\ufffc]"


def _searchable(text: str) -> str:
    if not is_searchable(text):
        raise PydanticCustomError(
            "nothing_to_search_for", "must contain a letter, a digit or a Chinese character"
        )
    return text


Searched = Annotated[
    str,
    StringConstraints(max_length=LONGEST),
    AfterValidator(_searchable),
    Component("Searched", "Words to search for.", "printer", {"pattern": WORD_PATTERN}),
]


async def _narrow(where: WhereClause, words: str, renderer: Renderer) -> None:
    where.searches.append(search(words, renderer.caller, renderer.lifecycle, where.bind))


#: The parameter `q`, for lists of kinds with full-text search.
SEARCH = Parameter(
    "q",
    Annotated[
        Searched | None,
        Field(
            description="Words that the record must contain, all of them, in Chinese or English, in fields "
            "that the "
            "caller may read; numbers and keys also match by their beginning. The list keeps its sort "
            "order."
        ),
    ],
    _narrow,
)
