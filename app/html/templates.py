"""HTML from templates in the packages of their pages (pure).

A template is named by its path below `app`, such as `desk/pages/due.html`. Values are escaped unless they are
Markup, which only templates, filters and drawings return; an unknown name or attribute is an error and never
an empty text.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from app.html.filters import FILTERS
from app.html.wording import Wording

PACKAGE = Path(__file__).parents[1]
#: Files of a folder of this name are served as they are, and are no templates.
SERVED = "static"


def _environment() -> Environment:
    """Return the only environment: each template is read and compiled once, and then kept for ever."""
    environment = Environment(
        loader=FileSystemLoader(PACKAGE),
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,
        cache_size=-1,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= FILTERS
    return environment


ENVIRONMENT = _environment()


def render(name: str, wording: Wording, /, **values: object) -> Markup:
    """Return the HTML of the template with these values. Besides them it has `language`, and the functions
    `sentence` and `label` of the wording.
    """
    template = ENVIRONMENT.get_template(name)
    html = template.render(
        language=wording.language, sentence=wording.sentence, label=wording.label, **values
    )
    return Markup(html)  # noqa: S704 - the template has escaped it


def template_names() -> Iterator[str]:
    """Yield the names of all templates."""
    for path in sorted(PACKAGE.rglob("*.html")):
        if SERVED not in path.parts:
            yield path.relative_to(PACKAGE).as_posix()


@cache
def compile_templates() -> None:
    """Read and compile all templates, so that no request waits for that; once in a process."""
    for name in template_names():
        ENVIRONMENT.get_template(name)
