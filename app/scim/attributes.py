"""Attributes of a SCIM user as a provider sends them, and the fields of a person that they set (pure)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from app.common.times.zones import is_zone
from app.scim.errors import invalid
from app.scim.patches import lower_keys

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE_USER = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
LONGEST_TEXT = 200
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_BOOLEANS = {"true": True, "false": False}
#: Fields of a person by the attributes that are plain texts.
_TEXTS = {
    "externalid": "scim_external_id",
    "username": "scim_user_name",
    "title": "post",
    "department": "department",
}


@dataclass(frozen=True, slots=True)
class SentUser:
    """What a provider says of a user: the fields of the person that it names, null if it removes one, and
    whether they are active (None: it does not say so).
    """

    fields: dict[str, str | None]
    is_active: bool | None


def sent_user(body: dict[str, Any]) -> SentUser:
    """Return what the attributes of a user's document say, whatever the case of their names. Attributes that
    are not kept here are passed over. Raises ScimError.
    """
    attributes = lower_keys(body)
    extension = attributes.get(ENTERPRISE_USER.lower())
    if isinstance(extension, dict):
        attributes = {**lower_keys(extension), **attributes}
    fields: dict[str, str | None] = {
        field: _text(name, attributes[name]) for name, field in _TEXTS.items() if name in attributes
    }
    if "username" in attributes and fields["scim_user_name"] is None:
        raise invalid("`userName` must be a text.")
    if (name := _name(attributes)) is not None:
        fields["name"] = name
    if "emails" in attributes:
        fields["email"] = _email(_preferred(attributes["emails"], "emails"))
    if "phonenumbers" in attributes:
        fields["phone"] = _preferred(attributes["phonenumbers"], "phoneNumbers")
    for name in ("locale", "preferredlanguage"):
        if name in attributes:
            language = _language(attributes[name])
            if language is not None or attributes[name] is None:
                fields["locale"] = language
    if "timezone" in attributes:
        zone = _text("timezone", attributes["timezone"])
        if zone is None or is_zone(zone):  # others call zones otherwise, and nobody is refused for that
            fields["time_zone"] = zone
    return SentUser(fields, _boolean(attributes["active"]) if "active" in attributes else None)


def _text(name: str, value: Any) -> str | None:
    """Return a text without spaces around it; None for null and for an empty one. Raises ScimError."""
    value = _single(value)
    if value is None:
        return None
    if not isinstance(value, str) or len(value) > LONGEST_TEXT or not value.replace("\t", " ").isprintable():
        raise invalid(f"`{name}` must be one line of at most {LONGEST_TEXT} characters.")
    return value.strip() or None


def _single(value: Any) -> Any:
    """Return a single value, which Entra may send as `[{"$ref": null, "value": "…"}]`."""
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    return lower_keys(value)["value"] if isinstance(value, dict) and "value" in lower_keys(value) else value


def _name(attributes: dict[str, Any]) -> str | None:
    """Return the name of a user: what is displayed, the whole name, or its two parts; None if neither is
    there. Half of a name changes nothing, since its parts are not kept.
    """
    parts = lower_keys(attributes["name"]) if isinstance(attributes.get("name"), dict) else {}
    displayed = _text("displayName", attributes.get("displayname")) or _text("name", parts.get("formatted"))
    if displayed is not None:
        return displayed
    first, family = (_text("name", parts.get(part)) for part in ("givenname", "familyname"))
    return None if first is None or family is None else f"{first} {family}"


def _preferred(value: Any, name: str) -> str | None:
    """Return the primary value of several, else that for work, else the first; None if there is none."""
    listed = value if isinstance(value, list) else [] if value is None else [value]
    entries = [lower_keys(entry) if isinstance(entry, dict) else {"value": entry} for entry in listed[:50]]
    entries = [entry for entry in entries if entry.get("value") is not None]
    ranked = sorted(
        entries, key=lambda entry: (_is_true(entry.get("primary")), entry.get("type") == "work"), reverse=True
    )
    return _text(name, ranked[0]["value"]) if ranked else None


def _email(text: str | None) -> str | None:
    if text is not None and _EMAIL.fullmatch(text) is None:
        raise invalid("A value of `emails` must be an address of electronic mail.")
    return text


def _language(value: Any) -> str | None:
    """Return the language of a tag such as `zh-CN`, if people are written to in it."""
    code = value.lower().replace("_", "-").partition("-")[0] if isinstance(value, str) else ""
    return code if code in ("en", "zh") else None


def _is_true(value: Any) -> bool:
    return value is True or (isinstance(value, str) and value.lower() == "true")


def _boolean(value: Any) -> bool:
    """Return a boolean, which Entra may send as a text: `"False"`. Raises ScimError."""
    value = _single(value)
    if isinstance(value, bool):
        return value
    boolean = _BOOLEANS.get(value.strip().lower()) if isinstance(value, str) else None
    if boolean is None:
        raise invalid("`active` must be true or false.")
    return boolean
