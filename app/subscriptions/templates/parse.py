"""Reading of a template: its form, and each of its expressions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from pydantic import ValidationError

from app.expressions.language import Expression, ExpressionEnvironment, WrongExpression
from app.expressions.written_documents import (
    NoDocument,
    Path,
    describe_error,
    lines_of,
    name_key,
    path_of,
    read_document,
)
from app.subscriptions.templates.document import LARGEST_TEMPLATE, TemplateDocument

#: `message` is the event as people call it, `event` and `names` what a reader of the stream gets, `record`
#: the summary of its record.
REQUESTS: Final = ExpressionEnvironment(("message", "event", "names", "record", "secret"))
#: `answer` is the answer's body: a value of JSON, or a text.
ANSWERS: Final = ExpressionEnvironment(("status", "answer"))
#: Largest number of problems in one report.
MOST_PROBLEMS = 5


class TemplateRefused(ValueError):
    """The template cannot be used. `why` lists the faults, each with its key and line."""

    def __init__(self, problems: list[tuple[str, str]]) -> None:
        sentences = [f"{key}: {problem}" if key else problem for key, problem in problems[:MOST_PROBLEMS]]
        if len(problems) > len(sentences):
            sentences.append(f"and {len(problems) - len(sentences)} more")
        self.why = " ".join(sentences)
        super().__init__(self.why)


@dataclass(frozen=True, slots=True)
class RequestTemplate:
    """A template that is ready to be evaluated: its document, and its expressions by their keys."""

    document: TemplateDocument
    compiled: Mapping[Path, Expression]

    @property
    def shows_secret(self) -> bool:
        """Return whether its requests may show the secret of the subscription."""
        return self.document.authorization is not None or any(
            "secret" in expression.text for expression in self.compiled.values()
        )


def parse_template(text: str) -> RequestTemplate:
    """Parse a template in TOML or JSON. Raises TemplateRefused."""
    if len(text) > LARGEST_TEMPLATE:
        raise TemplateRefused([("", f"The template is longer than {LARGEST_TEMPLATE:,} characters.")])
    lines = lines_of(text)
    try:
        document = TemplateDocument.model_validate(read_document(text))
    except NoDocument as error:
        raise TemplateRefused([("", str(error))]) from error
    except ValidationError as error:
        problems = [
            (name_key(lines, path_of(each)), describe_error(each, TemplateDocument))
            for each in error.errors()
        ]
        raise TemplateRefused(problems) from error
    compiled: dict[Path, Expression] = {}
    problems = []
    for path, source in _sources(document):
        try:
            compiled[path] = (ANSWERS if path == ("success",) else REQUESTS).compile(source)
        except WrongExpression as error:
            problems.append((name_key(lines, path), f"{source[:100]!r} is not an expression: {error}."))
    if problems:
        raise TemplateRefused(problems)
    return RequestTemplate(document, compiled)


def _sources(document: TemplateDocument) -> Iterator[tuple[Path, str]]:
    """Yield the path and text of each expression."""
    for table, fields in (("query", document.query), ("headers", document.headers), ("form", document.form)):
        for name, source in (fields or {}).items():
            yield (table, name), source
    for key, text in (("json", document.json_), ("text", document.text), ("success", document.success)):
        if text is not None:
            yield (key,), text
