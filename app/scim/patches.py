"""Operations of a PATCH (RFC 7644, 3.5.2) as changed attributes, in the forms in which providers send them:
`op` in any case, a map without a path, `emails[type eq "work"].value`, members by their ids (pure).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from app.scim.errors import ScimError, invalid
from app.scim.filters import (
    AttributePath,
    Expression,
    Junction,
    ScimComparison,
    equalities,
    matches_filter,
    read_path,
)

PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
MOST_OPERATIONS = 1_000
MOST_ENTRIES = 50
LONGEST_PATH = 500
#: The attributes that are kept of a user's extension.
EXTENSION_ATTRIBUTES = ("department",)
#: Attributes that have several values, of which one is kept here.
MULTI_VALUED = ("emails", "phonenumbers")
#: Mails of tickets go to the kept address, and that address may answer by mail. So a path that names another
#: kind of address (Entra: `emails[type eq "other"]` for private ones) does not set it.
_ONLY_FOR_WORK = ("emails",)
_HALVES = ("givenname", "familyname")
_FAMILY_FIRST = re.compile(r"(?P<familyname>[^,()]+),\s*(?P<givenname>[^,()]+)")
# In names of three words, the family name is ambiguous: "Maria de la Cruz", "Anna Maria Miller".
_FAMILY_LAST = re.compile(r"(?P<givenname>[^\s,()]+)\s(?P<familyname>[^\s,()]+)")
#: The value of an attribute that cannot be used, whatever was sent.
UNFIT: Final = ()
_OPERATIONS = ("add", "replace", "remove")
Entry = dict[str, Any]


@dataclass(frozen=True, slots=True)
class PatchChange:
    """One operation: on an attribute, in lower case, on those of its values of which `where` holds, and of
    these on one sub-attribute.
    """

    operation: str
    attribute: str
    where: Expression | None
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
        if path is not None and "value" not in sent and not _needs_no_value(operation, path):
            raise invalid(f"`{operation}` needs a `value`; to empty an attribute, send `remove` or null.")
        if _is_extension(path) and operation == "remove":
            yield from _without_path(operation, dict.fromkeys(EXTENSION_ATTRIBUTES))
        elif _is_extension(path) and isinstance(value, dict):
            yield from _without_path(operation, value)
        elif path is not None:
            yield _change(operation, path, value)
        elif operation == "remove":
            raise ScimError(400, "`remove` needs a `path`.", "noTarget")
        elif isinstance(value, dict):
            yield from _without_path(operation, value)
        else:
            raise ScimError(400, "Without a `path`, `value` must be an object.", "invalidSyntax")


def _needs_no_value(operation: str, path: object) -> bool:
    """Return whether the operation is complete without a value: it removes, or its path names the value.
    A missing value is not null, by which a provider empties an attribute (RFC 7643, 2.5).
    """
    return operation == "remove" or (operation == "add" and "[" in str(path))


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
    if not isinstance(path, str) or len(path) > LONGEST_PATH:
        raise ScimError(400, "The `path` cannot be read.", "invalidPath")
    read: AttributePath = read_path(path)
    return PatchChange(operation, read.name, read.where, read.sub, value)


def lower_keys(sent: dict[str, Any]) -> dict[str, Any]:
    """Return an object with its attribute names in lower case: their case does not count (RFC 7643, 2.1)."""
    return {name.lower(): value for name, value in sent.items()}


def patched_attributes(body: dict[str, Any], present: Mapping[str, Any]) -> dict[str, Any]:
    """Return the attributes of a user that a PATCH changes, as a user's document has them, names in lower
    case; null if it removes one. `present`: the user's document as it is. Raises ScimError.
    """
    before = lower_keys(dict(present))
    attributes: dict[str, Any] = {}
    for change in changes_of(body):
        name = change.attribute
        sent = None if change.operation == "remove" else change.value
        if name in MULTI_VALUED:
            entries = _entries(attributes.get(name, before.get(name)))
            attributes[name] = _changed_entries(entries, change)
        elif change.where is not None:
            entry = {"value": attributes.get(name, before.get(name))}
            if change.sub in (None, "value") and matches_filter(change.where, entry):
                attributes[name] = sent
        elif change.sub is None:
            attributes[name] = sent
        else:
            parts = attributes.get(name)
            attributes[name] = {**(parts if isinstance(parts, dict) else {}), change.sub: sent}
    if isinstance(attributes.get("name"), dict):
        attributes["name"] = _whole_name(lower_keys(attributes["name"]), attributes, before)
    untouched = [name for name in MULTI_VALUED if attributes.get(name) == _entries(before.get(name))]
    return {name: value for name, value in attributes.items() if name not in untouched}


def _whole_name(sent: Mapping[str, Any], attributes: Mapping[str, Any], before: Mapping[str, Any]) -> Any:
    """Return the parts of a name, the missing half taken from the present name, of which only the whole is
    kept; UNFIT if its parts are ambiguous.
    """
    parts = dict(sent)
    halves = [half for half in _HALVES if isinstance(parts.get(half), str) and parts[half].strip()]
    if len(halves) != 1 or parts.get("formatted") or attributes.get("displayname"):
        return parts
    present = str(before.get("displayname") or _formatted(before.get("name"))).strip()
    named = _FAMILY_FIRST.fullmatch(present) or _FAMILY_LAST.fullmatch(present)
    if present and named is None:
        return UNFIT
    other = next(half for half in _HALVES if half != halves[0])
    return parts | ({} if named is None else {other: named[other]})


def _formatted(name: object) -> str:
    return str(lower_keys(name).get("formatted") or "") if isinstance(name, dict) else ""


def _entries(value: Any) -> list[Entry]:
    """Return the values of an attribute as objects."""
    listed = value if isinstance(value, list) else [] if value is None else [value]
    return [lower_keys(each) if isinstance(each, dict) else {"value": each} for each in listed[:MOST_ENTRIES]]


def _changed_entries(entries: list[Entry], change: PatchChange) -> list[Entry]:
    """Return the values after an operation, which touches no others than it names."""
    if change.where is None and change.sub is None:
        return _changed_whole(entries, change)
    named = [entry for entry in entries if change.where is None or matches_filter(change.where, entry)]
    if change.operation == "remove":
        if change.sub in (None, "value"):
            return [entry for entry in entries if entry not in named]
        return [{**entry, change.sub: None} if entry in named else entry for entry in entries]
    value = change.value[0] if isinstance(change.value, list) and len(change.value) == 1 else change.value
    sent = (
        lower_keys(value)
        if change.sub is None and isinstance(value, dict)
        else {change.sub or "value": value}
    )
    if named:
        changed = [{**entry, **sent} if entry in named else entry for entry in entries]
        return _with_primary(changed, [{**entry, **sent} for entry in named])
    added = _new_entry(change, sent, is_first=not entries)
    return entries if added is None else _with_primary([*entries, added], [added])


def _changed_whole(entries: list[Entry], change: PatchChange) -> list[Entry]:
    """Return the values after an operation on the attribute itself. The last addition goes first, since the
    first of equal values is kept.
    """
    sent = _entries(change.value)
    if change.operation == "replace":
        return sent
    if change.operation == "add":
        return _with_primary([*sent, *entries], sent)
    values = {str(entry.get("value")).casefold() for entry in sent}
    return [entry for entry in entries if sent and str(entry.get("value")).casefold() not in values]


def _new_entry(change: PatchChange, sent: Entry, *, is_first: bool) -> Entry | None:
    """Return the value for the conditions in an operation's path, if no value fulfils them; None if they are
    too few, or the value would be the only address without being for work.
    """
    conditions = [] if change.where is None else equalities(change.where)
    if conditions is None:
        return None
    entry = {each.path.name: each.value for each in conditions if each.path.sub is None} | sent
    is_for_work = str(entry.get("type") or "work").lower() == "work" or is_true(entry.get("primary"))
    is_unfit = is_first and change.attribute in _ONLY_FOR_WORK and not is_for_work
    if entry.get("value") is None or is_unfit:
        return None
    return entry


def _with_primary(entries: list[Entry], changed: list[Entry]) -> list[Entry]:
    """Return the values with one primary at most: a changed one that is marked as primary (RFC 7644,
    3.5.2).
    """
    if not any(is_true(entry.get("primary")) for entry in changed):
        return entries
    return [
        {**entry, "primary": False} if is_true(entry.get("primary")) and entry not in changed else entry
        for entry in entries
    ]


def is_true(value: Any) -> bool:
    """Return whether a value is true, which Entra may send as a text."""
    return value is True or (isinstance(value, str) and value.lower() == "true")


@dataclass(slots=True)
class GroupChange:
    """Changes of a group by a PATCH or PUT: attributes with their new values, and its members, by their ids:
    all of them (`members`), or some that come and some that go.
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
        elif change.where is not None:
            _change_named_members(changed, change, change.where)
        elif change.operation == "add":
            changed.add(member_ids(change.value))
        elif change.operation == "replace":
            changed.replace(member_ids(change.value))
        elif change.value is None:
            changed.replace(set())
        else:
            changed.remove(member_ids(change.value))
    return changed


def _change_named_members(changed: GroupChange, change: PatchChange, where: Expression) -> None:
    """Change the members that the filter in the path names, and no others."""
    # The id identifies the member; the name next to it is a copy that is not stored here.
    displays = list(_named_values(where, "display")) or [""]
    named = {
        value
        for value in _named_values(where, "value")
        if any(matches_filter(where, {"value": value, "type": "User", "display": each}) for each in displays)
    }
    if not named:
        raise ScimError(400, "A `path` must name members by their `value`.", "invalidPath")
    if change.operation == "add":
        changed.add(member_ids(change.value) if change.value is not None else named)
        return
    changed.remove(named)
    if change.operation == "replace":
        changed.add(member_ids(change.value))


def _named_values(expression: Expression, name: str) -> Iterator[str]:
    """Yield the texts that the sub-attribute must equal somewhere in the expression."""
    if isinstance(expression, Junction):
        for part in expression.parts:
            yield from _named_values(part, name)
    elif isinstance(expression, ScimComparison):
        is_equality = expression.operator == "eq" and expression.path.name == name
        if is_equality and isinstance(expression.value, str):
            yield expression.value


def member_ids(value: Any) -> set[str]:
    """Return the ids of members: of `[{"value": "…"}]`, of one such object, or of plain texts. Raises
    ScimError.
    """
    listed = value if isinstance(value, list) else [] if value is None else [value]
    ids = [lower_keys(entry).get("value") if isinstance(entry, dict) else entry for entry in listed]
    if not all(isinstance(member, str) for member in ids):
        raise invalid("Each member needs a `value`, a text.")
    return {str(member) for member in ids}
