"""HTML from templates in the packages of their pages (pure).

A template is named by its path below `app`, such as `desk/pages/due.html`. Values are escaped unless they are
Markup, which only templates, filters and drawings return; an unknown name or attribute is an error and never
an empty text.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from functools import cache
from importlib.metadata import version
from pathlib import Path

from jinja2 import Environment, FileSystemBytecodeCache, FileSystemLoader, StrictUndefined
from jinja2.bccache import Bucket
from markupsafe import Markup

from app.html.filters import FILTERS
from app.html.wording import Wording

PACKAGE = Path(__file__).parents[1]
#: Files of a folder of this name are served as they are, and are no templates.
SERVED = "static"


class _CompiledTemplates(FileSystemBytecodeCache):
    """Compiled templates in files, as Python keeps compiled modules: valid for one text of a template and for
    these versions of Jinja and Python. To compile all takes ten seconds, to read them a fraction of one.
    """

    def __init__(self) -> None:
        super().__init__(str(PACKAGE / "html" / "__pycache__"), f"%s.jinja-{version('jinja2')}")

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Write the file, unless Python writes none either or the folder cannot be written to."""
        if not sys.dont_write_bytecode:
            with contextlib.suppress(OSError):
                Path(self.directory).mkdir(exist_ok=True)
                super().dump_bytecode(bucket)


def make_environment() -> Environment:
    """Return an environment that reads each template once and keeps it."""
    environment = Environment(
        loader=FileSystemLoader(PACKAGE),
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,
        bytecode_cache=_CompiledTemplates(),
        cache_size=-1,
        # Kept code must not contain what filters returned when it was compiled.
        optimized=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= FILTERS
    return environment


ENVIRONMENT = make_environment()


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
