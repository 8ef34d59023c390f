"""Reading of a mapping: its form, the meaning of its codes, and each of its expressions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, ValidationError

from app.common.times.written_times import UnknownZone, zone_named
from app.exchange.mapping import LARGEST_MAPPING, MappingRefused
from app.expressions.language import Expression, WrongExpression
from app.expressions.written_documents import (
    NoDocument,
    Path,
    describe_error,
    lines_of,
    name_key,
    path_of,
    read_document,
)
from app.webhooks.mapping.document import (
    Entry,
    Guide,
    Ignored,
    MappingDocument,
    Paste,
    TicketFields,
    Values,
    VerificationScheme,
)
from app.webhooks.mapping.evaluate import ENVIRONMENT, Mapping


def parse_mapping(text: str, name: str) -> Mapping:
    """Parse a mapping in TOML or JSON. `name` is its name in messages. Raises MappingRefused."""
    if len(text) > LARGEST_MAPPING:
        raise MappingRefused(name, [("", f"The mapping is longer than {LARGEST_MAPPING:,} characters.")])
    lines = lines_of(text)
    try:
        document = MappingDocument.model_validate(read_document(text))
    except NoDocument as error:
        raise MappingRefused(name, [("", str(error))]) from error
    except ValidationError as error:
        problems = [
            (name_key(lines, path_of(each)), describe_error(each, _table_at(path_of(each)[:-1])))
            for each in _own_errors(error)
        ]
        raise MappingRefused(name, problems) from error
    compiled: dict[Path, Expression] = {}
    problems = []
    for path, source in _sources(document):
        try:
            compiled[path] = ENVIRONMENT.compile(source)
        except WrongExpression as error:
            problems.append((name_key(lines, path), f"{source[:100]!r} is not an expression: {error}."))
    if document.zone is not None:
        try:
            zone_named(document.zone)
        except UnknownZone as error:
            problems.append((name_key(lines, ("zone",)), str(error)))
    if problems:
        raise MappingRefused(name, problems)
    return Mapping(name, document, compiled)


def _own_errors(error: ValidationError) -> list[Any]:
    """Return the errors without those that only follow from others: a list whose entries are wrong counts as
    empty.
    """
    errors = error.errors()
    return [
        each
        for each in errors
        if each["type"] != "too_short"
        or not any(other is not each and other["loc"][: len(each["loc"])] == each["loc"] for other in errors)
    ]


def _sources(document: MappingDocument) -> Iterator[tuple[Path, str]]:
    """Yield the path and text of each expression."""
    for n, source in enumerate(document.delivery.id or ()):
        yield ("delivery", "id", n), source
    for number, entry in enumerate(document.news):
        for part, path in ((entry, ()), (entry.fields, ("fields",))):
            yield from _sources_of(part, ("news", number, *path))
        for key, sources in entry.custom.items():
            for n, source in enumerate(sources):
                yield ("news", number, "custom", key, n), source
    for number, ignored in enumerate(document.ignored):
        yield ("ignored", number, "when", 0), ignored.when


def _sources_of(part: Entry | TicketFields, path: Path) -> Iterator[tuple[Path, str]]:
    for name in type(part).model_fields:
        sources = getattr(part, name)
        if (
            name in ("kind", "if_unknown", "changes", "custom")
            or sources is None
            or isinstance(sources, BaseModel)
        ):
            continue
        for n, source in enumerate((sources,) if isinstance(sources, str) else sources):
            yield (*path, name, n), source


def _table_at(path: Path) -> type[BaseModel]:
    tables: dict[str, type[BaseModel]] = {
        "news": Entry,
        "fields": TicketFields,
        "values": Values,
        "ignored": Ignored,
        "guide": Guide,
        "paste": Paste,
        "verification": VerificationScheme,
    }
    names = [part for part in path if isinstance(part, str)]
    return tables.get(names[-1], MappingDocument) if names else MappingDocument
