"""The language of pages and drawings, which a link asks for by its address: it cannot ask by a header."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field

from app.api.authentication.auth import caller_of
from app.api.requests.accept import language_for
from app.i18n import language_of

#: The language that an address asks for.
ChosenLanguage = Annotated[
    Literal["en", "zh"] | None,
    Field(
        description="Language of the answer; if left out, the language of the header `Accept-Language`, "
        "or of the caller."
    ),
]


class PageLanguageQuery(BaseModel):
    """The parameter of a page that has no other: its language."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    lang: ChosenLanguage = None


def chosen_language(request: Request, language: str | None) -> str:
    """Return the language asked for, by the query or else by the header; or the caller's own."""
    accepted = request.headers.get("accept-language")
    return language or (language_of(caller_of(request).locale) if accepted is None else language_for(request))
