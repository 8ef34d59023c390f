"""The page of the API: one area of the contract at a time, in the reader's language.

Areas are rendered and compressed when the process starts: strangers may ask for this page.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.metadata import version
from urllib.parse import urlencode

from app.api.areas import AREAS
from app.api.contract_parts import ContractQuery
from app.api.page_language import ChosenLanguage
from app.api.service.static_files import StaticFile
from app.html.templates import render
from app.html.wording import Wording
from app.i18n import LANGUAGES

PATH = "/docs"
VERSION = version("ledgerdesk")
#: The table of the sentences of this page.
TABLE = "api_docs"


class DocsQuery(ContractQuery):
    """The query of the page: the tags of the operations to show, and the language."""

    lang: ChosenLanguage = None


def preload() -> None:
    """Render and compress the pages of all areas."""
    for language in LANGUAGES:
        for name in AREAS:
            _area_page(name, language)


def docs_page(tags: Sequence[str] | None, language: str) -> StaticFile:
    """Return the page of the operations with these tags; None: of the first area."""
    chosen = set(tags or next(iter(AREAS.values())))
    for name, area_tags in AREAS.items():
        if set(area_tags) == chosen:
            return _area_page(name, language)
    names = sorted(chosen)
    return StaticFile(_html(", ".join(names), names, language), "text/html", compress=False)


@cache
def _area_page(name: str, language: str) -> StaticFile:
    return StaticFile(_html(_label(name, language), AREAS[name], language), "text/html")


def _label(area: str, language: str) -> str:
    return Wording(language, TABLE).sentence(f"area_{area}")


def _html(label: str, tags: Sequence[str], language: str) -> bytes:
    wording = Wording(language, TABLE)
    other_language = next(other for other in LANGUAGES if other != language)
    areas = [
        {
            "label": _label(name, language),
            "tags": ",".join(area_tags),
            "address": _address(area_tags, language),
        }
        for name, area_tags in AREAS.items()
    ]
    html = render(
        "api/service/docs_page.html",
        wording,
        title=wording.sentence("title", area=label),
        areas=areas,
        tags=",".join(tags),
        version=VERSION,
        part=f"/openapi.json?{urlencode({'tags': ','.join(tags)}, safe=',')}",
        other_language=other_language,
        other_address=_address(tags, other_language),
    )
    return html.encode()


def _address(tags: Sequence[str], language: str) -> str:
    return f"{PATH}?{urlencode({'tags': ','.join(tags), 'lang': language}, safe=',')}"
