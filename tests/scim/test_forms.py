"""What providers send, in the forms in which they send it, and what is read of it."""

from __future__ import annotations

from typing import Any

import pytest

from app.scim.attributes import ENTERPRISE_USER, sent_user
from app.scim.errors import ScimError
from app.scim.filters import conditions_of
from app.scim.patches import group_change, patched_attributes

Json = dict[str, Any]
DEPARTMENT = f"{ENTERPRISE_USER}:department"


def patch(*operations: Json) -> Json:
    return {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": list(operations)}


@pytest.mark.parametrize(
    ("operations", "fields", "is_active"),
    [
        # Entra
        (({"op": "Replace", "path": "active", "value": "False"},), {}, False),
        (({"op": "Replace", "path": "active", "value": [{"$ref": None, "value": "True"}]},), {}, True),
        (
            ({"op": "Add", "path": 'emails[type eq "work"].value', "value": "wu@example.org"},),
            {"email": "wu@example.org"},
            None,
        ),
        (
            ({"op": "Replace", "value": {"displayName": "Wu", DEPARTMENT: "Sales", "active": True}},),
            {"name": "Wu", "department": "Sales"},
            True,
        ),
        (({"op": "Add", "path": DEPARTMENT, "value": "Sales"},), {"department": "Sales"}, None),
        (({"op": "Remove", "path": "title"},), {"post": None}, None),
        (({"op": "remove", "path": ENTERPRISE_USER},), {"department": None}, None),
        (({"op": "remove", "path": "preferredLanguage"},), {"locale": None}, None),
        (({"op": "add", "path": "locale", "value": "zh-CN"},), {"locale": "zh"}, None),
        (({"op": "add", "path": "locale", "value": "fr-FR"},), {}, None),
        (
            (
                {"op": "replace", "path": "name.givenName", "value": "Min"},
                {"op": "replace", "path": "name.familyName", "value": "Wu"},
            ),
            {"name": "Min Wu"},
            None,
        ),
        (({"op": "replace", "path": "name.givenName", "value": "Min"},), {}, None),
        # Okta
        (({"op": "replace", "value": {"active": False}},), {}, False),
        (({"op": "replace", "value": {"USERNAME": "wu"}},), {"scim_user_name": "wu"}, None),
        (
            (
                {
                    "op": "add",
                    "path": "emails",
                    "value": [{"value": "a@b"}, {"value": "c@d", "primary": True}],
                },
            ),
            {"email": "c@d"},
            None,
        ),
        (({"op": "add", "value": {ENTERPRISE_USER: {"department": "HR"}}},), {"department": "HR"}, None),
        (
            ({"op": "add", "path": ENTERPRISE_USER, "value": {"department": "HR"}},),
            {"department": "HR"},
            None,
        ),
        # What is not kept
        (({"op": "add", "path": "timezone", "value": "Pacific Standard Time"},), {}, None),
        (
            ({"op": "add", "path": "nickName", "value": "W"}, {"op": "add", "path": "x", "value": {}}),
            {},
            None,
        ),
    ],
)
def test_patches_are_read_in_the_forms_of_providers(
    operations: tuple[Json, ...], fields: Json, is_active: bool | None
) -> None:
    sent = sent_user(patched_attributes(patch(*operations)))
    assert (sent.fields, sent.is_active) == (fields, is_active)


@pytest.mark.parametrize(
    ("operation", "kind"),
    [
        ({"op": "move", "path": "title"}, "invalidSyntax"),
        ({"op": "remove"}, "noTarget"),
        ({"op": "add", "value": "x"}, "invalidSyntax"),
        ({"op": "add", "path": "emails[type", "value": "x"}, "invalidPath"),
        ({"op": "add", "path": 'emails[type ne "x"].value', "value": "x"}, "invalidPath"),
        ({"op": "add", "path": "a" * 501, "value": "x"}, "invalidPath"),
        ({"op": "add", "path": 7, "value": "x"}, "invalidPath"),
        ({"op": "replace", "path": "active", "value": "perhaps"}, "invalidValue"),
        ({"op": "remove", "path": "userName"}, "invalidValue"),
        ({"op": "add", "path": "title", "value": {"x": 1}}, "invalidValue"),
        ({"op": "add", "path": "title", "value": "x" * 201}, "invalidValue"),
        ({"op": "add", "path": "emails", "value": [{"value": "nobody"}]}, "invalidValue"),
    ],
)
def test_what_cannot_be_read_is_refused_by_its_kind(operation: Json, kind: str) -> None:
    with pytest.raises(ScimError) as refused:
        sent_user(patched_attributes(patch(operation)))
    assert (refused.value.status, refused.value.scim_type) == (400, kind)


def test_members_come_and_go_in_the_forms_of_providers() -> None:
    first, two, three = "1" * 36, "2" * 36, "3" * 36
    change = group_change(
        patch(
            {"op": "Add", "path": "members", "value": [{"value": first}, {"value": two}]},
            {"op": "Remove", "path": "members", "value": [{"value": two}]},
            {"op": "remove", "path": f'members[value eq "{three}"]'},
            {"op": "replace", "value": {"id": "x", "displayName": "Desk"}},
        )
    )
    assert (change.added, change.removed, change.members) == ({first}, {two, three}, None)
    assert change.attributes["displayname"] == "Desk"
    assert group_change(patch({"op": "remove", "path": "members"})).members == set()
    replaced = group_change(
        patch(
            {"op": "replace", "path": "members", "value": [{"value": first}]},
            {"op": "add", "path": "members", "value": {"value": two}},
        )
    )
    assert replaced.members == {first, two}
    for wrong in ({"value": 7}, 7, {"value": ["x"]}):
        with pytest.raises(ScimError):
            group_change(patch({"op": "add", "path": "members", "value": [wrong]}))


def test_filters_ask_for_equality_and_nothing_else() -> None:
    attributes = ("username", "externalid")
    assert conditions_of('userName eq "a\\"b"', attributes) == [("username", 'a"b')]
    assert conditions_of('userName Eq "x" and externalId eq "y"', attributes) == [
        ("username", "x"),
        ("externalid", "y"),
    ]
    for wrong in ("", "userName", 'userName co "x"', 'userName eq "x" or userName eq "y"', 'title eq "x"'):
        with pytest.raises(ScimError) as refused:
            conditions_of(wrong, attributes)
        assert refused.value.scim_type == "invalidFilter"
