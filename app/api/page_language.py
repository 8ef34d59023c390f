"""The language of pages and drawings, which a link asks for by its address: it cannot ask by a header."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field

from app.api.authentication.auth import caller_of
from app.api.requests.accept import language_by_button, language_for
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
    """Return the language asked for, by the query, by the button of a page, or by the header; or the caller's
    own.
    """
    chosen = language or language_by_button(request)
    if chosen is None and request.headers.get("accept-language") is None:
        return language_of(caller_of(request).locale)
    return chosen or language_for(request)
