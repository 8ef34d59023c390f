"""Declarations of breaking changes in openapi/declared_changes.toml, each with its version and reason.

Declarations for released versions stay there as history, and excuse no new change.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass

from app.contract.breaking import Breaks
from app.contract.schemas import RULES, UNDECLARABLE_RULES, BreakingChange

MOST_NAMED = 3


class BadDeclaration(Exception):
    """The file of declarations is invalid; the message names the fault."""


@dataclass(frozen=True, slots=True)
class DeclaredChange:
    """A declared breaking change."""

    version: str
    place: str
    rule: str
    reason: str


def read(text: str) -> list[DeclaredChange]:
    """Return the declarations of the file. Raises BadDeclaration."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadDeclaration(f"The file is not valid TOML: {error}.") from error
    changes = []
    for number, entry in enumerate(document.get("change", ()), 1):
        fields = DeclaredChange.__slots__
        if set(entry) != set(fields) or not all(isinstance(v, str) and v.strip() for v in entry.values()):
            raise BadDeclaration(f"Change {number} must have {', '.join(fields)}, each a text.")
        if entry["rule"] not in RULES:
            raise BadDeclaration(f"Change {number}: there is no rule {entry['rule']}.")
        if entry["rule"] in UNDECLARABLE_RULES:
            raise BadDeclaration(f"Change {number}: a released migration is never changed ({entry['rule']}).")
        if not all(part.isdecimal() for part in entry["version"].split(".")):
            raise BadDeclaration(f"Change {number}: {entry['version']} is not a version.")
        changes.append(DeclaredChange(**entry))
    return changes


def undeclared(breaks: Breaks, declared: list[DeclaredChange], released: str) -> Breaks:
    """Return the breaking changes that no declaration for a version after the released one names."""
    meant = {(change.place, change.rule) for change in declared if _is_newer(change.version, released)}
    return {broken: met for broken, met in breaks.items() if (broken.place, broken.rule) not in meant}


def unfounded(breaks: Breaks, declared: list[DeclaredChange], released: str) -> list[DeclaredChange]:
    """Return the declarations for a version after the released one that name no breaking change: undone
    meanwhile, or misspelt.
    """
    places = {(broken.place, broken.rule) for broken in breaks}
    return [
        change
        for change in declared
        if _is_newer(change.version, released) and (change.place, change.rule) not in places
    ]


def sentence(broken: BreakingChange, met: list[str]) -> str:
    """Return a sentence on the change: its place, the difference, and the operations affected."""
    detail = f" ({broken.detail})" if broken.detail else ""
    operations = [name for name in met if name != broken.place.partition("/")[0]]
    named = ", ".join(operations[:MOST_NAMED])
    more = f" and {len(operations) - MOST_NAMED} more" if len(operations) > MOST_NAMED else ""
    operations_met = f", met in {named}{more}" if operations else ""
    return f"{broken.place} {RULES[broken.rule]}{detail}{operations_met}: rule {broken.rule}."


def entry(broken: BreakingChange) -> str:
    """Return the lines that declare the change, with version and reason left empty."""
    return f'[[change]]\nversion = ""\nplace = "{broken.place}"\nrule = "{broken.rule}"\nreason = ""\n'


def _is_newer(version: str, released: str) -> bool:
    return _version_numbers(version) > _version_numbers(released)


def _version_numbers(version: str) -> list[int]:
    return [int(part) for part in version.split(".")]
