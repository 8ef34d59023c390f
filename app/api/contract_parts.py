"""Parts of the contract as it is served: operations of some tags, with only the components that they need.

Everything that takes time is done when the process starts: strangers may ask for the contract.
"""

from __future__ import annotations

from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Annotated, Any

import orjson
from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from app.api.areas import AREAS
from app.api.contract.openapi import TAGS
from app.api.listings.filters import CommaSeparated
from app.api.requests.faults import LONGEST_SAID
from app.api.service.static_files import StaticFile
from app.contract.selection import TaggedContract


def _require_tag(name: str) -> str:
    if name not in TAGS:
        near = get_close_matches(name[:LONGEST_SAID], TAGS, n=3) or TAGS
        words = {"value": name[:LONGEST_SAID], "near": ", ".join(f"“{tag}”" for tag in near)}
        raise PydanticCustomError("unknown_value_near", "is no tag", words)
    return name


class ContractQuery(BaseModel):
    """The query of the contract."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    tags: Annotated[
        list[Annotated[str, AfterValidator(_require_tag)]] | None,
        CommaSeparated,
        Field(min_length=1, max_length=len(TAGS), description="Only operations with one of these tags."),
    ] = None


class ContractParts:
    """The parts of one contract. Areas are kept compressed; any other choice of tags is put together from
    pieces that are JSON already.
    """

    def __init__(self, document: dict[str, Any]) -> None:
        self._tagged = TaggedContract(document)
        self._pieces = _in_pieces(document)
        self._areas = {
            frozenset(tags): StaticFile(self._part(frozenset(tags)), "application/json")
            for tags in AREAS.values()
        }

    def of_tags(self, tags: frozenset[str]) -> StaticFile:
        """Return the part with these tags."""
        area = self._areas.get(tags)
        return area or StaticFile(self._part(tags), "application/json", compress=False)

    def _part(self, tags: frozenset[str]) -> bytes:
        return orjson.dumps(self._tagged.with_tags(tags & set(self._tagged.tags), self._pieces))


def _in_pieces(document: dict[str, Any]) -> dict[str, Any]:
    """Return the document with each operation and component as JSON that is only put in its place."""
    return {
        **document,
        "paths": {path: _each_as_json(operations) for path, operations in document["paths"].items()},
        "components": {kind: _each_as_json(parts) for kind, parts in document["components"].items()},
    }


def _each_as_json(parts: dict[str, Any]) -> dict[str, Any]:
    return {name: orjson.Fragment(orjson.dumps(part)) for name, part in parts.items()}


@cache
def contract_document(path: Path) -> dict[str, Any]:
    """Return the contract of that path, as it was when it was first read: one for all who ask for something
    of it, since it takes some twenty megabytes. Raises FileNotFoundError.
    """
    document: dict[str, Any] = orjson.loads(path.read_bytes())
    return document


@cache
def contract_parts(path: Path) -> ContractParts:
    """Return the parts of the contract of that path. Raises FileNotFoundError."""
    return ContractParts(contract_document(path))
