"""Marks of text fields whose values have several names or spellings."""

from __future__ import annotations

from collections.abc import Callable


class NamedAs:
    """Marks a field that holds a name which a record of that kind may define: `Annotated[str,
    NamedAs("process_definition")]`. In a payload, another name for the same is turned into the defined one; a
    name that nothing defines is kept as it is. A record keeps the name that it was written with: a list that
    is filtered by the field finds all names for the same, among them the `spellings` that are known without a
    record.
    """

    def __init__(self, kind: str, *, spellings: Callable[[str], list[str]] | None = None) -> None:
        self.kind = kind
        self.spellings = spellings


class SpelledAs:
    """Marks a field whose values have several spellings: `resolve` returns the one that is kept. A list that
    is filtered by the field finds the same records by each spelling.
    """

    def __init__(self, resolve: Callable[[str], str]) -> None:
        self.resolve = resolve
