"""Documents of SCIM: users, groups, lists of them, and the description of the service (pure)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from app.common.people import Person, PersonState, ScimQualifier
from app.foundation.people.provisioning.records import DirectoryGroup
from app.log.canonical import instant
from app.scim.attributes import ENTERPRISE_USER, GROUP, USER, further_entries, kinds_of

LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:Schema"
_RESOURCE_TYPE = "urn:ietf:params:scim:schemas:core:2.0:ResourceType"
_CONFIG = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"
LARGEST_PAGE = 200


def user_document(
    person: Person, texts: dict[str, str | None], groups: Sequence[tuple[UUID, str]], base: str
) -> dict[str, Any]:
    """Return a person as a SCIM user. `texts` are the decrypted personal fields by their names, `groups` the
    ids and names of the provider's groups that they belong to.
    """
    name, qualifiers = texts["name"], person.scim_qualifiers or ()
    document = {
        "schemas": [USER, ENTERPRISE_USER],
        "id": str(person.id),
        "externalId": texts["scim_external_id"],
        "userName": texts["scim_user_name"] or texts["login"],
        "displayName": None if ScimQualifier.no_display_name in qualifiers else name,
        "name": {"formatted": name},
        "emails": _entries(texts["email"], texts["further_emails"], "email", qualifiers),
        "phoneNumbers": _entries(texts["phone"], texts["further_phones"], "phone", qualifiers),
        "title": texts["post"],
        "preferredLanguage": person.locale,
        "timezone": person.time_zone,
        "active": None if ScimQualifier.no_active in qualifiers else person.state is PersonState.active,
        "groups": [
            {"value": str(group), "display": group_name, "$ref": f"{base}/Groups/{group}", "type": "direct"}
            for group, group_name in groups
        ]
        or None,
        ENTERPRISE_USER: {"department": person.department} if person.department else None,
        "meta": _meta("User", f"{base}/Users/{person.id}", person),
    }
    return {key: value for key, value in document.items() if value is not None}


def _entries(
    value: str | None, further: str | None, prefix: str, qualifiers: Collection[str]
) -> list[dict[str, Any]] | None:
    """Return the values of an attribute: first the one that counts here."""
    return [*_entry(value, prefix, qualifiers), *further_entries(further)] or None


def _entry(value: str | None, prefix: str, qualifiers: Collection[str]) -> list[dict[str, Any]]:
    """Return the value of an attribute that counts here, as the provider has qualified it. One that it has
    not is for work, and the primary one.
    """
    if value is None:
        return []
    codes = {each.removeprefix(f"{prefix}_") for each in qualifiers if each.startswith(f"{prefix}_")}
    if not codes:
        return [{"value": value, "type": "work", "primary": True}]
    entry: dict[str, Any] = {"value": value}
    if kinds := codes - {"primary", "secondary"}:
        entry["type"] = min(kinds)
    if kinds != codes:
        entry["primary"] = "primary" in codes
    return [entry]


def group_document(group: DirectoryGroup, members: Sequence[UUID] | None, base: str) -> dict[str, Any]:
    """Return one of the provider's groups. `members`: the ids of the persons; None: they are not shown."""
    document = {
        "schemas": [GROUP],
        "id": str(group.id),
        "externalId": group.external_id,
        "displayName": group.name,
        "members": None
        if members is None
        else [{"value": str(member), "$ref": f"{base}/Users/{member}", "type": "User"} for member in members],
        "meta": _meta("Group", f"{base}/Groups/{group.id}", group),
    }
    return {key: value for key, value in document.items() if value is not None}


def _meta(kind: str, location: str, record: Person | DirectoryGroup) -> dict[str, Any]:
    assert record.added_at is not None
    assert record.changed_at is not None
    return {
        "resourceType": kind,
        "created": instant(record.added_at),
        "lastModified": instant(record.changed_at),
        "location": location,
        "version": f'W/"{record.version}"',
    }


def list_document(resources: Sequence[dict[str, Any]], total: int, start: int) -> dict[str, Any]:
    """Return a page of a list that has `total` entries, from the entry `start` on, counted from 1."""
    return {
        "schemas": [LIST],
        "totalResults": total,
        "startIndex": start,
        "itemsPerPage": len(resources),
        "Resources": list(resources),
    }


def projected(document: dict[str, Any], included: str | None, excluded: str | None) -> dict[str, Any]:
    """Return the document with the wanted attributes, or without the excluded ones; attributes that
    distinguish resources stay. An attribute within another selects the whole.
    """
    always = {"schemas", "id"}
    if included is not None:
        names = always | _names(included)
        return {key: value for key, value in document.items() if key.lower() in names}
    left_out = _names(excluded or "") - always
    return {key: value for key, value in document.items() if key.lower() not in left_out}


def _names(listed: str) -> set[str]:
    return {_top_level(name.strip().lower()) for name in listed.split(",")}


def _top_level(name: str) -> str:
    """Return the key of a document that an attribute's name means: of an extension, the whole extension."""
    for core in (USER, GROUP):
        name = name.removeprefix(f"{core.lower()}:")
    extension = ENTERPRISE_USER.lower()
    if name.startswith(f"{extension}:") or name == extension:
        return extension
    return name if name.startswith("urn:") else name.partition(".")[0]


def service_config(base: str) -> dict[str, Any]:
    """Return what of SCIM the service offers."""
    no = {"supported": False}
    return {
        "schemas": [_CONFIG],
        "patch": {"supported": True},
        "bulk": {**no, "maxOperations": 0, "maxPayloadSize": 0},
        "filter": {"supported": True, "maxResults": LARGEST_PAGE},
        "changePassword": no,
        "sort": no,
        "etag": no,
        "authenticationSchemes": [
            {
                "type": "oauthbearertoken",
                "name": "API key",
                "description": "An API key with the scope `scim`, as a bearer token.",
                "primary": True,
            }
        ],
        "meta": {"resourceType": "ServiceProviderConfig", "location": f"{base}/ServiceProviderConfig"},
    }


def resource_types(base: str) -> list[dict[str, Any]]:
    """Return the kinds of resources."""
    extension: list[dict[str, Any]] = [{"schema": ENTERPRISE_USER, "required": False}]
    none: list[dict[str, Any]] = []
    kinds = (("User", "/Users", USER, extension), ("Group", "/Groups", GROUP, none))
    return [
        {
            "schemas": [_RESOURCE_TYPE],
            "id": name,
            "name": name,
            "endpoint": endpoint,
            "schema": schema,
            **({"schemaExtensions": extensions} if extensions else {}),
            "meta": {"resourceType": "ResourceType", "location": f"{base}/ResourceTypes/{name}"},
        }
        for name, endpoint, schema, extensions in kinds
    ]


def schemas(base: str) -> list[dict[str, Any]]:
    """Return the attributes that are kept, by their schemas."""
    reference = [
        _attribute("value", mutability="immutable"),
        _attribute("$ref", kind="reference", mutability="immutable", referenceTypes=["User", "Group"]),
        _attribute("type", mutability="immutable", canonicalValues=["User"]),
    ]
    # The formatted name counts if no displayName is sent; both mean the same.
    formatted = _attribute("formatted", mutability="readOnly")
    user = [
        _attribute("userName", required=True, uniqueness="server"),
        _attribute("displayName"),
        _attribute("name", kind="complex", mutability="readOnly", subAttributes=[formatted]),
        _attribute("emails", kind="complex", multiValued=True, subAttributes=_parts("email")),
        _attribute("phoneNumbers", kind="complex", multiValued=True, subAttributes=_parts("phone")),
        _attribute("title"),
        _attribute("preferredLanguage", canonicalValues=["en", "zh"]),
        _attribute("timezone", canonicalValues=["Asia/Shanghai", "Europe/Berlin", "UTC"]),
        _attribute("active", kind="boolean"),
        _attribute(
            "groups",
            kind="complex",
            multiValued=True,
            mutability="readOnly",
            subAttributes=[
                *(_attribute(name, mutability="readOnly") for name in ("value", "display", "type")),
                _attribute("$ref", kind="reference", mutability="readOnly", referenceTypes=["Group"]),
            ],
        ),
    ]
    group = [
        _attribute("displayName", required=True, uniqueness="server"),
        _attribute("members", kind="complex", multiValued=True, subAttributes=reference),
    ]
    named = (
        (USER, "User", user),
        (ENTERPRISE_USER, "EnterpriseUser", [_attribute("department")]),
        (GROUP, "Group", group),
    )
    return [
        {
            "schemas": [_SCHEMA],
            "id": urn,
            "name": name,
            "attributes": attributes,
            "meta": {"resourceType": "Schema", "location": f"{base}/Schemas/{urn}"},
        }
        for urn, name, attributes in named
    ]


def _parts(prefix: str) -> list[dict[str, Any]]:
    return [
        _attribute("value"),
        _attribute("type", canonicalValues=kinds_of(prefix)),
        _attribute("primary", kind="boolean"),
    ]


def _attribute(name: str, kind: str = "string", **more: Any) -> dict[str, Any]:
    usual = {
        "multiValued": False,
        "required": False,
        "caseExact": kind == "reference",
        "mutability": "readWrite",
        "returned": "default",
        "uniqueness": "none",
    }
    return {"name": name, "type": kind, **usual, **more}
