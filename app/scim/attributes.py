"""Attributes of a SCIM user as a provider sends them, and the fields of a person that they set (pure)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from app.common.people import ScimQualifier
from app.common.times.zones import is_zone
from app.kernel.actions.made_fit import Alteration, FitText, fit_line, fit_paragraph
from app.scim.errors import invalid
from app.scim.patches import MOST_ENTRIES, is_true, lower_keys

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE_USER = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
LONGEST_TEXT = 200
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
#: The parts of a name in the order in which they are written.
_NAME_PARTS = ("honorificprefix", "givenname", "middlename", "familyname", "honorificsuffix")
_EAST_ASIAN = re.compile(
    r"[\u3005\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3\uf900-\ufaff\U00020000-\U0003ffff]+"
)
_BOOLEANS = {"true": True, "false": False}
_UNREADABLE = (Alteration.unreadable,)
#: Attributes by which a provider knows a person.
IDENTIFIERS = frozenset({"externalid", "username"})
#: Fields of a person by the attributes that are plain texts.
_TEXTS = {
    "externalid": "scim_external_id",
    "username": "scim_user_name",
    "title": "post",
    "department": "department",
}


#: The attributes of which one value is kept: its field, and how the qualifiers of `type` and `primary` begin.
SINGLE_VALUES = {"emails": ("email", "email"), "phonenumbers": ("phone", "phone")}
#: A further value of such an attribute as a line: its type, if it has one, and the value.
_FURTHER = re.compile(r"(?:(?P<type>[^\s:]{1,40}): )?(?P<value>.+)")
_PRIMARY = {
    ScimQualifier.email_primary,
    ScimQualifier.email_secondary,
    ScimQualifier.phone_primary,
    ScimQualifier.phone_secondary,
}
#: Qualifiers by the attributes that a provider may remove although the person goes on having such a thing.
REMOVABLE = {"displayname": ScimQualifier.no_display_name, "active": ScimQualifier.no_active}


@dataclass(frozen=True, slots=True)
class SentUser:
    """A provider's data about a user: the fields of the person that it sends, null if it removes one; whether
    they are active (None: it does not send this); the qualifiers that it sends, of those that it decides.
    `altered` lists by field how its text differs from the sent one, or that it could not be read: then it is
    not in `fields`.
    """

    fields: dict[str, str | None]
    is_active: bool | None
    qualifiers: frozenset[ScimQualifier] = frozenset()
    decided: frozenset[ScimQualifier] = frozenset()
    altered: dict[str, list[str]] = field(default_factory=dict)


def sent_user(body: dict[str, Any]) -> SentUser:
    """Return the content of a user's document, whatever the case of its names. Attributes that are not kept
    here are passed over, and so are unusable ones, with a mark: the others, above all `active`, must not wait
    for them. Raises ScimError if a name in the provider or `active` is unfit.
    """
    attributes = lower_keys(body)
    extension = attributes.get(ENTERPRISE_USER.lower())
    if isinstance(extension, dict):
        attributes = {**lower_keys(extension), **attributes}
    texts = {column: _text(name, attributes[name]) for name, column in _TEXTS.items() if name in attributes}
    if "username" in attributes and texts["scim_user_name"] in (None, FitText("")):
        raise invalid("`userName` must be a text.")
    if (full_name := _name(attributes)) is None or full_name.text:
        texts["name"] = full_name
    for name, (column, prefix) in SINGLE_VALUES.items():
        if name in attributes:
            entries = _ranked(attributes[name])
            texts[column] = _value_of(name, prefix, entries[0] if entries else {})
            if texts[column] is None:
                del attributes[name]
            else:
                texts[f"further_{column}s"] = fit_paragraph("\n".join(map(_further_line, entries[1:])))
    fields = {column: fit.text or None for column, fit in texts.items() if fit is not None}
    codes = {column: _UNREADABLE if fit is None else fit.altered for column, fit in texts.items()}
    altered = {column: [code.value for code in each] for column, each in codes.items() if each}
    _read_region(attributes, fields, altered)
    is_active = None if attributes.get("active") is None else _boolean(attributes["active"])
    return SentUser(fields, is_active, *_qualified(attributes), altered)


def _read_region(
    attributes: dict[str, Any], fields: dict[str, str | None], altered: dict[str, list[str]]
) -> None:
    """Add the language and the zone; those that are unknown here are marked."""
    for name in ("locale", "preferredlanguage"):
        if name in attributes:
            language = _language(attributes[name])
            if language is not None or attributes[name] is None:
                fields["locale"] = language
                altered.pop("locale", None)
            elif "locale" not in fields:
                altered["locale"] = [Alteration.unreadable.value]
    if "timezone" in attributes:
        sent_zone = _text("timezone", attributes["timezone"])
        zone = None if sent_zone is None else sent_zone.text or None
        if sent_zone is not None and (
            zone is None or is_zone(zone)
        ):  # other systems name zones differently, which is no reason for a refusal
            fields["time_zone"] = zone
        else:
            altered["time_zone"] = [Alteration.unreadable.value]


def _value_of(name: str, prefix: str, entry: dict[str, Any]) -> FitText | None:
    value = _text(name, entry.get("value"))
    is_unfit = value and prefix == "email" and value.text and _EMAIL.fullmatch(value.text) is None
    return None if is_unfit else value


def _qualified(attributes: dict[str, Any]) -> tuple[frozenset[ScimQualifier], frozenset[ScimQualifier]]:
    """Return the qualifiers that hold of the attributes, and those that are decided by them."""
    holding, decided = set[ScimQualifier](), set[ScimQualifier]()
    for name, qualifier in REMOVABLE.items():
        if name in attributes:
            decided.add(qualifier)
            if _single(attributes[name]) in (None, ""):
                holding.add(qualifier)
    for name, (_, prefix) in SINGLE_VALUES.items():
        if name in attributes:
            decided |= of_prefix(prefix)
            holding |= _qualifiers(prefix, _preferred(attributes[name]))
    return frozenset(holding), frozenset(decided)


def of_prefix(prefix: str) -> set[ScimQualifier]:
    """Return the qualifiers of the attribute whose qualifiers begin so."""
    return {each for each in ScimQualifier if each.value.startswith(f"{prefix}_")}


def kinds_of(prefix: str) -> list[str]:
    """Return the types of values that are distinguished."""
    return sorted(each.value.removeprefix(f"{prefix}_") for each in of_prefix(prefix) - _PRIMARY)


def _qualifiers(prefix: str, entry: dict[str, Any]) -> set[ScimQualifier]:
    """Return the qualifiers of a value. An unknown type counts as another one."""
    qualifiers = set[ScimQualifier]()
    if entry.get("value") is None:
        return qualifiers
    if isinstance(kind := entry.get("type"), str) and kind:
        code = kind.lower() if kind.lower() in kinds_of(prefix) else "other"
        qualifiers.add(ScimQualifier(f"{prefix}_{code}"))
    if (primary := entry.get("primary")) is not None:
        qualifiers.add(ScimQualifier(f"{prefix}_{'primary' if is_true(primary) else 'secondary'}"))
    return qualifiers


def _text(name: str, value: Any) -> FitText | None:
    """Return a text or a number as one line; an empty one for null, None for anything else. Raises ScimError
    for a missing or too long name in the provider, since a part of it would name another person.
    """
    value = _single(value)
    if value is None:
        return FitText("")
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = str(value)
    if name in IDENTIFIERS and not (isinstance(value, str) and len(value) <= LONGEST_TEXT):
        raise invalid(f"`{name}` must be a text of at most {LONGEST_TEXT} characters.")
    return fit_line(value, LONGEST_TEXT) if isinstance(value, str) else None


def _single(value: Any) -> Any:
    """Return a single value, which Entra may send as `[{"$ref": null, "value": "…"}]`."""
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    return lower_keys(value)["value"] if isinstance(value, dict) and "value" in lower_keys(value) else value


def _name(attributes: dict[str, Any]) -> FitText | None:
    """Return the name of a user: the displayed one, the whole name, or its parts; empty if all are missing,
    None if one cannot be used. Chinese, Japanese and Korean names begin with the family's and have no spaces.
    A PATCH that sends half of a name has the other one added before.
    """
    sent_name = attributes.get("name")
    parts = lower_keys(sent_name) if isinstance(sent_name, dict) else {}
    is_unfit = sent_name is not None and not isinstance(sent_name, dict)
    for sent in (attributes.get("displayname"), parts.get("formatted")):
        full_name = _text("displayName", sent)
        if full_name is not None and full_name.text:
            return full_name
        is_unfit = is_unfit or full_name is None
    read = {part: _text("name", parts.get(part)) for part in _NAME_PARTS}
    texts = {part: text for part, text in read.items() if text is not None}
    if is_unfit or len(texts) < len(read):
        return None
    first, family = texts["givenname"].text, texts["familyname"].text
    if not first and not family:
        return FitText("")
    codes = dict.fromkeys(code for text in texts.values() for code in text.altered)
    if _EAST_ASIAN.fullmatch(first + family):
        return FitText(family + first, tuple(codes))
    full = fit_line(" ".join(text.text for text in texts.values() if text.text), LONGEST_TEXT)
    return FitText(full.text, (*codes, *full.altered))


def further_entries(lines: str | None) -> list[dict[str, Any]]:
    """Return the values in the lines that `sent_user` makes of further ones. They are not primary."""
    matches = (_FURTHER.fullmatch(line) for line in (lines or "").split("\n"))
    return [{name: text for name, text in match.groupdict().items() if text} for match in matches if match]


def _further_line(entry: dict[str, Any]) -> str:
    kind = fit_line(entry["type"]).text if isinstance(entry.get("type"), str) else ""
    value = fit_line(str(_single(entry["value"])), LONGEST_TEXT).text
    return f"{kind}: {value}" if kind and re.fullmatch(r"[^\s:]{1,40}", kind) else value


def _preferred(value: Any) -> dict[str, Any]:
    """Return the value that counts of several, or an empty one."""
    return next(iter(_ranked(value)), {})


def _ranked(value: Any) -> list[dict[str, Any]]:
    """Return the values: first the primary one, then those for work, then the others as they were sent."""
    listed = value if isinstance(value, list) else [] if value is None else [value]
    entries = [
        lower_keys(entry) if isinstance(entry, dict) else {"value": entry} for entry in listed[:MOST_ENTRIES]
    ]
    entries = [entry for entry in entries if entry.get("value") is not None]
    return sorted(
        entries,
        key=lambda entry: (is_true(entry.get("primary")), str(entry.get("type")).lower() == "work"),
        reverse=True,
    )


def _language(value: Any) -> str | None:
    """Return the language of a tag such as `zh-CN`, if people are written to in it."""
    code = value.lower().replace("_", "-").partition("-")[0] if isinstance(value, str) else ""
    return code if code in ("en", "zh") else None


def _boolean(value: Any) -> bool:
    """Return a boolean, which Entra may send as a text: `"False"`. Raises ScimError."""
    value = _single(value)
    if isinstance(value, bool):
        return value
    boolean = _BOOLEANS.get(value.strip().lower()) if isinstance(value, str) else None
    if boolean is None:
        raise invalid("`active` must be true or false.")
    return boolean
