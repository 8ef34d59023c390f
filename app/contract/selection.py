"""Parts of an OpenAPI document: operations of some tags, with only the components that they need (pure)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Any

from app.contract.schemas import Schema

#: A component, by its kind and name.
Component = tuple[str, str]
_COMPONENTS = "#/components/"


class TaggedContract:
    """An OpenAPI document by its tags. The components that each tag's operations need are looked up when this
    is made, so that a part of the document costs little.
    """

    def __init__(self, document: Schema) -> None:
        self._document = document
        needs = {
            (kind, name): set(_references(part))
            for kind, parts in document["components"].items()
            for name, part in parts.items()
        }
        self.tags = tuple(tag["name"] for tag in document["tags"])
        self._components = {tag: _closure(self._needed_by(tag), needs) for tag in self.tags}

    def with_tags(self, tags: Collection[str], document: Schema | None = None) -> Schema:
        """Return the document of the operations with one of these tags. `document`: the same document, or one
        of the same form whose operations and components stand there in another form.
        """
        source = self._document if document is None else document
        needed = set[Component]().union(*(self._components[tag] for tag in tags))
        paths = {}
        for path, operations in self._document["paths"].items():
            tagged = {
                method: source["paths"][path][method]
                for method, operation in operations.items()
                if not set(tags).isdisjoint(operation["tags"])
            }
            if tagged:
                paths[path] = tagged
        components = {
            kind: {
                name: part
                for name, part in parts.items()
                if kind == "securitySchemes" or (kind, name) in needed
            }
            for kind, parts in source["components"].items()
        }
        return {
            **source,
            "tags": [tag for tag in source["tags"] if tag["name"] in tags],
            "paths": paths,
            "components": {kind: parts for kind, parts in components.items() if parts},
        }

    def _needed_by(self, tag: str) -> Iterator[Component]:
        for operations in self._document["paths"].values():
            for operation in operations.values():
                if tag in operation["tags"]:
                    yield from _references(operation)


def _closure(components: Iterable[Component], needs: dict[Component, set[Component]]) -> frozenset[Component]:
    """Return these components with all that they refer to, directly or through others."""
    reached = set[Component]()
    waiting = list(components)
    while waiting:
        component = waiting.pop()
        if component not in reached:
            reached.add(component)
            waiting += needs[component]
    return frozenset(reached)


def _references(schema: Any) -> Iterator[Component]:
    """Yield the components that the schema refers to."""
    if isinstance(schema, dict):
        reference = schema.get("$ref")
        if isinstance(reference, str):
            kind, _, name = reference.removeprefix(_COMPONENTS).partition("/")
            yield kind, name
        for part in schema.values():
            yield from _references(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from _references(part)
