"""Operations of a PATCH (RFC 7644, 3.5.2) as changed attributes, in the forms in which providers send them:
`op` in any case, a map without a path, `emails[type eq "work"].value`, members by their ids (pure).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from app.scim.errors import ScimError, invalid

PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
MOST_OPERATIONS = 1_000
#: The attributes that are kept of a user's extension.
EXTENSION_ATTRIBUTES = ("department",)
#: `emails[type eq "work"].value`, with the URN of its schema or without.
_PATH = re.compile(
    r"(?:urn:[\w.:-]+:)?(?P<name>[A-Za-z$][\w$-]*)(?:\[(?P<filter>[^\]]{1,300})\])?"
    r"(?:\.(?P<sub>[A-Za-z$][\w$-]*))?"
)
_EQUALS = re.compile(r'\s*(?P<name>\w+)\s+eq\s+(?:"(?P<quoted>[^"]*)"|(?P<word>\w+))\s*', re.IGNORECASE)
_OPERATIONS = ("add", "replace", "remove")


@dataclass(frozen=True, slots=True)
class PatchChange:
    """One operation: on an attribute, in lower case, on those of its values of which `where` (name, value)
    holds, and of these on one sub-attribute.
    """

    operation: str
    attribute: str
    where: tuple[str, str] | None
    sub: str | None
    value: Any


def changes_of(body: dict[str, Any]) -> Iterator[PatchChange]:
    """Yield the operations of a PATCH's body; one without a path is one for each attribute in its value.
    Raises ScimError.
    """
    operations = lower_keys(body).get("operations")
    if not isinstance(operations, list) or not 0 < len(operations) <= MOST_OPERATIONS:
        raise ScimError(400, f"`Operations` must have 1 to {MOST_OPERATIONS} entries.", "invalidSyntax")
    for entry in operations:
        if not isinstance(entry, dict):
            raise ScimError(400, "An operation must be an object.", "invalidSyntax")
        sent = lower_keys(entry)
        operation = str(sent.get("op")).lower()
        if operation not in _OPERATIONS:
            raise ScimError(400, "`op` must be add, replace or remove.", "invalidSyntax")
        path, value = sent.get("path"), sent.get("value")
        if _is_extension(path) and operation == "remove":
            yield from _without_path(operation, dict.fromkeys(EXTENSION_ATTRIBUTES))
        elif _is_extension(path) and isinstance(value, dict):
            yield from _without_path(operation, value)
        elif path is not None:
            yield _change(operation, path, value)
        elif operation == "remove":
            raise ScimError(400, "What is removed needs a `path`.", "noTarget")
        elif isinstance(value, dict):
            yield from _without_path(operation, value)
        else:
            raise ScimError(400, "Without a `path`, `value` must be an object.", "invalidSyntax")


def _is_extension(path: object) -> bool:
    """Return whether the path is the URN of a schema, whose attributes the value has."""
    return isinstance(path, str) and path.lower().startswith("urn:") and path.lower().endswith(":user")


def _without_path(operation: str, value: dict[str, Any]) -> Iterator[PatchChange]:
    for name, sent in value.items():
        if name.lower().startswith("urn:") and isinstance(sent, dict):  # an extension, with its attributes
            yield from _without_path(operation, sent)
        else:
            yield _change(operation, name, sent)


def _change(operation: str, path: object, value: Any) -> PatchChange:
    read = _PATH.fullmatch(path) if isinstance(path, str) and len(path) <= 500 else None
    if read is None:
        raise ScimError(400, "A `path` cannot be read.", "invalidPath")
    where = None
    if read["filter"] is not None:
        condition = _EQUALS.fullmatch(read["filter"])
        if condition is None:
            raise ScimError(400, "A `path` may have one condition in brackets, with `eq`.", "invalidPath")
        text = condition["quoted"] if condition["quoted"] is not None else condition["word"]
        where = (condition["name"].lower(), text)
    sub = None if read["sub"] is None else read["sub"].lower()
    return PatchChange(operation, read["name"].lower(), where, sub, value)


def lower_keys(sent: dict[str, Any]) -> dict[str, Any]:
    """Return an object with its attribute names in lower case: their case does not count (RFC 7643, 2.1)."""
    return {name.lower(): value for name, value in sent.items()}


def patched_attributes(body: dict[str, Any]) -> dict[str, Any]:
    """Return the attributes of a user that a PATCH changes, as a user's document has them, names in lower
    case; null if it removes one. Raises ScimError.
    """
    attributes: dict[str, Any] = {}
    for change in changes_of(body):
        value = None if change.operation == "remove" else change.value
        if change.sub is None:
            is_single = change.where is not None and isinstance(value, dict)
            attributes[change.attribute] = [value] if is_single else value
        elif change.where is None and not isinstance(attributes.get(change.attribute), list):
            parts = attributes.get(change.attribute)
            attributes[change.attribute] = {**(parts if isinstance(parts, dict) else {}), change.sub: value}
        elif change.sub == "value":
            entry = {"value": value, **dict([change.where] if change.where is not None else ())}
            attributes[change.attribute] = None if value is None else [entry]
    return attributes


@dataclass(slots=True)
class GroupChange:
    """What a PATCH or PUT changes of a group: attributes with their new values, and its members, by their
    ids: all of them (`members`), or some that come and some that go.
    """

    attributes: dict[str, Any] = field(default_factory=dict)
    members: set[str] | None = None
    added: set[str] = field(default_factory=set)
    removed: set[str] = field(default_factory=set)

    def add(self, ids: set[str]) -> None:
        """Let these be members."""
        if self.members is not None:
            self.members |= ids
        self.added |= ids
        self.removed -= ids

    def remove(self, ids: set[str]) -> None:
        """Let these be no members."""
        if self.members is not None:
            self.members -= ids
        self.removed |= ids
        self.added -= ids

    def replace(self, ids: set[str]) -> None:
        """Let these be all members."""
        self.members, self.added, self.removed = set(ids), set(), set()


def group_change(body: dict[str, Any]) -> GroupChange:
    """Return what a PATCH's body changes of a group. Raises ScimError."""
    changed = GroupChange()
    for change in changes_of(body):
        if change.attribute != "members":
            if change.sub is None and change.where is None:
                changed.attributes[change.attribute] = None if change.operation == "remove" else change.value
        elif change.operation == "remove":
            _remove_members(changed, change)
        elif change.operation == "add":
            changed.add(member_ids(change.value))
        else:
            changed.replace(member_ids(change.value))
    return changed


def _remove_members(changed: GroupChange, change: PatchChange) -> None:
    if change.where is not None:
        if change.where[0] != "value":
            raise ScimError(400, "Members are removed by their `value`.", "invalidPath")
        changed.remove({change.where[1]})
    elif change.value is None:
        changed.replace(set())
    else:
        changed.remove(member_ids(change.value))


def member_ids(value: Any) -> set[str]:
    """Return the ids of members: of `[{"value": "…"}]`, of one such object, or of plain texts. Raises
    ScimError.
    """
    listed = value if isinstance(value, list) else [] if value is None else [value]
    ids = [lower_keys(entry).get("value") if isinstance(entry, dict) else entry for entry in listed]
    if not all(isinstance(member, str) for member in ids):
        raise invalid("Members are named by their `value`, a text.")
    return {str(member) for member in ids}
