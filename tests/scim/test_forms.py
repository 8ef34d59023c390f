"""What providers send, in the forms in which they send it, and what is read of it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from app.scim.attributes import ENTERPRISE_USER, SentUser, sent_user
from app.scim.errors import ScimError
from app.scim.filters import equalities, matches_filter, read_filter
from app.scim.patches import group_change, patched_attributes

Json = dict[str, Any]
DEPARTMENT = f"{ENTERPRISE_USER}:department"


WORK = {"value": "wu@corp.example", "type": "work", "primary": True}
HOME = {"value": "wu@home.example", "type": "home", "primary": False}
NEW = "wu.min@corp.example"


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
        (({"op": "replace", "path": "name.givenName", "value": "Min"},), {"name": "Min"}, None),
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
    sent = sent_user(patched_attributes(patch(*operations), {}))
    assert (first_values(sent), sent.is_active) == (fields, is_active)


@pytest.mark.parametrize(
    ("operation", "kind"),
    [
        ({"op": "move", "path": "title"}, "invalidSyntax"),
        ({"op": "remove"}, "noTarget"),
        ({"op": "add", "value": "x"}, "invalidSyntax"),
        ({"op": "add", "path": "emails[type", "value": "x"}, "invalidPath"),
        ({"op": "add", "path": 'emails[type is "x"].value', "value": "x"}, "invalidPath"),
        ({"op": "add", "path": 'emails[type eq "x" and].value', "value": "x"}, "invalidPath"),
        ({"op": "remove", "path": f"emails[{'(' * 11}type pr{')' * 11}]"}, "invalidPath"),
        ({"op": "add", "path": "a" * 501, "value": "x"}, "invalidPath"),
        ({"op": "add", "path": 7, "value": "x"}, "invalidPath"),
        ({"op": "replace", "path": "active", "value": "perhaps"}, "invalidValue"),
        *(
            ({"op": operation, "path": path}, "invalidValue")
            for operation in ("add", "replace")
            for path in (
                "emails",
                "emails.value",
                "phoneNumbers",
                "title",
                "externalId",
                "active",
                ENTERPRISE_USER,
            )
        ),
        ({"op": "replace", "path": 'emails[type eq "work"].value'}, "invalidValue"),
        ({"op": "remove", "path": "userName"}, "invalidValue"),
        ({"op": "add", "path": "userName", "value": "x" * 201}, "invalidValue"),
        ({"op": "add", "path": "userName", "value": {"x": 1}}, "invalidValue"),
    ],
)
def test_what_cannot_be_read_is_refused_by_its_kind(operation: Json, kind: str) -> None:
    with pytest.raises(ScimError) as refused:
        sent_user(patched_attributes(patch(operation), {}))
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


def test_a_missing_value_empties_nothing_and_null_does() -> None:
    for operation in ("add", "replace"):
        with pytest.raises(ScimError, match="needs a `value`"):
            group_change(patch({"op": operation, "path": "members"}))
    values: tuple[Any, ...] = (None, [])
    for value in values:
        assert group_change(patch({"op": "replace", "path": "members", "value": value})).members == set()
    emptied = patched_attributes(patch({"op": "replace", "path": "title", "value": None}), {})
    assert sent_user(emptied).fields == {"post": None}


@pytest.mark.parametrize(
    ("present", "operation", "name"),
    [
        ("Josie Miller", {"op": "replace", "path": "name.familyName", "value": "Meyer"}, "Josie Meyer"),
        ("Anna Miller", {"op": "add", "path": "name.givenName", "value": "Eva"}, "Eva Miller"),
        ("Miller, Josie", {"op": "replace", "value": {"name.familyName": "Meyer"}}, "Josie Meyer"),
        ("Josie Miller", {"op": "replace", "path": "name", "value": {"familyName": "Meyer"}}, "Josie Meyer"),
        (None, {"op": "replace", "path": "name.familyName", "value": "Meyer"}, "Meyer"),
        ("Josie Miller", {"op": "remove", "path": "name.familyName"}, None),
    ],
)
def test_half_of_a_name_joins_the_other_half(present: str | None, operation: Json, name: str | None) -> None:
    document = {} if present is None else {"displayName": present}
    assert sent_user(patched_attributes(patch(operation), document)).fields.get("name") == name


@pytest.mark.parametrize(
    ("parts", "name"),
    [
        ({"familyName": "王", "givenName": "小明"}, "王小明"),
        ({"familyName": "김", "givenName": "철수"}, "김철수"),
        ({"familyName": "Wang", "givenName": "Wei"}, "Wei Wang"),
        (
            {
                "honorificPrefix": "Dr.",
                "givenName": "Ana",
                "middleName": "M.",
                "familyName": "Diaz",
                "honorificSuffix": "PhD",
            },
            "Dr. Ana M. Diaz PhD",
        ),
    ],
)
def test_a_name_of_parts_is_written_as_its_language_does(parts: Json, name: str) -> None:
    assert sent_user({"userName": "u", "name": parts}).fields["name"] == name


def test_a_language_and_a_zone_that_are_unknown_are_marked() -> None:
    sent = sent_user({"userName": "u", "locale": "fr-FR", "timezone": "Pacific Standard Time"})
    assert sent.altered == {"locale": ["unreadable"], "time_zone": ["unreadable"]}


@pytest.mark.parametrize(
    ("path", "value", "field"),
    [
        ("title", {"x": 1}, "post"),
        ("title", ["a", "b"], "post"),
        ("title", True, "post"),
        ("displayName", {"x": 1}, "name"),
        ("name", "Wu Min", "name"),
        ("name.formatted", ["a", "b"], "name"),
        ("name.familyName", {"x": 1}, "name"),
        (f"{ENTERPRISE_USER}:department", {"x": 1}, "department"),
        ('emails[type eq "work"].value', "not an address", "email"),
        ("emails", [{"value": "nobody", "type": "work"}, HOME], "email"),
        ('phoneNumbers[type eq "work"].value', {"x": 1}, "phone"),
        ("locale", 7, "locale"),
        ("timezone", {"x": 1}, "time_zone"),
    ],
)
def test_an_attribute_that_cannot_be_used_is_marked_and_the_others_are_set(
    path: str, value: Any, field: str
) -> None:
    unfit = {"op": "replace", "path": path, "value": value}
    operations = [
        {"op": "replace", "path": "active", "value": False},
        {"op": "replace", "path": "externalId", "value": 4711},
    ]
    sent = sent_user(patched_attributes(patch(unfit, *operations), {"emails": [WORK]}))
    assert (sent.fields, sent.is_active) == ({"scim_external_id": "4711"}, False)
    assert sent.altered == {field: ["unreadable"]}


def test_numbers_become_texts() -> None:
    numbers = {"title": 5, "phoneNumbers": [{"value": 4912345}], "displayName": 1.5}
    sent = sent_user(numbers)
    assert first_values(sent) == {"post": "5", "phone": "4912345", "name": "1.5"}
    assert sent.altered == {}


def test_half_of_a_name_that_has_no_known_halves_is_marked() -> None:
    half = {"op": "replace", "path": "name.familyName", "value": "Meyer"}
    whole_name = {"op": "replace", "path": "name", "value": {"familyName": "Meyer"}}
    leaving = {"op": "replace", "path": "active", "value": False}
    for present in ("王伟", "Plant", "Wang Wei (IT)", "Maria de la Cruz", "Anna Maria Miller"):
        for operation in (half, whole_name):
            attributes = patched_attributes(patch(operation, leaving), {"displayName": present})
            sent = sent_user(attributes)
            assert (sent.fields, sent.is_active, sent.altered) == ({}, False, {"name": ["unreadable"]})
        full_name = {"op": "replace", "path": "displayName", "value": "Josie Meyer"}
        both = patched_attributes(patch(half, full_name), {"displayName": present})
        assert sent_user(both).fields["name"] == "Josie Meyer"


def test_a_filter_on_an_attribute_with_one_value_asks_for_that_value() -> None:
    for path, fields in (('title[value eq "clerk"]', {"post": None}), ('title[value eq "x"]', {})):
        attributes = patched_attributes(patch({"op": "remove", "path": path}), {"title": "Clerk"})
        assert sent_user(attributes).fields == fields


def test_a_path_with_a_filter_names_members_and_touches_no_others() -> None:
    first, two = "1" * 36, "2" * 36
    either = f'members[(value eq "{first}" or value eq "{two}") and type eq "User"]'
    assert group_change(patch({"op": "remove", "path": either})).removed == {first, two}
    with_name = f'members[display eq "Wu Min" and value eq "{two}"]'
    assert group_change(patch({"op": "remove", "path": with_name})).removed == {two}
    swapped = group_change(
        patch({"op": "replace", "path": f'members[value eq "{first}"]', "value": [{"value": two}]})
    )
    assert (swapped.members, swapped.removed, swapped.added) == (None, {first}, {two})
    for filter_text in (
        'type eq "User"',
        f'not (value eq "{first}")',
        f'value eq "{first}" and type eq "Group"',
    ):
        with pytest.raises(ScimError):
            group_change(patch({"op": "remove", "path": f"members[{filter_text}]"}))


def first_values(sent: SentUser) -> dict[str, str | None]:
    """The fields of a person, without the further values of attributes."""
    return {name: value for name, value in sent.fields.items() if not name.startswith("further_")}


@pytest.mark.parametrize(
    ("present", "operation", "result"),
    [
        # What names another value leaves this one alone.
        (WORK, {"op": "replace", "path": 'emails[type eq "home"].value', "value": "x@y"}, WORK),
        (WORK, {"op": "Add", "path": 'emails[type eq "other"]', "value": {"value": "x@y"}}, WORK),
        (WORK, {"op": "add", "value": {'emails[type eq "other"].value': "x@y"}}, WORK),
        (WORK, {"op": "remove", "path": 'emails[type eq "home"]'}, WORK),
        (WORK, {"op": "remove", "path": 'emails[type eq "home"].value'}, WORK),
        (WORK, {"op": "remove", "path": "emails[primary eq false]"}, WORK),
        (WORK, {"op": "remove", "path": 'emails[value ew "@home.example"]'}, WORK),
        (WORK, {"op": "remove", "path": "emails", "value": [{"value": "x@y"}]}, WORK),
        (
            WORK,
            {"op": "replace", "path": 'emails[type eq "work" and primary eq false].value', "value": NEW},
            WORK,
        ),
        (WORK, {"op": "replace", "path": 'emails[not (type eq "work")].value', "value": "x@y"}, WORK),
        (WORK, {"op": "add", "path": "emails", "value": [{"value": "x@y", "type": "other"}]}, WORK),
        (None, {"op": "add", "path": 'emails[type eq "other"].value', "value": "x@y"}, None),
        # What names this one changes it.
        (
            WORK,
            {"op": "replace", "path": 'emails[type eq "work"].value', "value": NEW},
            {**WORK, "value": NEW},
        ),
        (
            WORK,
            {"op": "replace", "path": 'emails[type eq "WORK" and primary eq true].value', "value": NEW},
            {**WORK, "value": NEW},
        ),
        (
            WORK,
            {"op": "replace", "path": 'emails[primary eq "True" or type eq "x"].value', "value": NEW},
            {**WORK, "value": NEW},
        ),
        (WORK, {"op": "replace", "path": "emails.value", "value": NEW}, {**WORK, "value": NEW}),
        (WORK, {"op": "remove", "path": 'emails[value eq "WU@corp.example"]'}, None),
        (WORK, {"op": "remove", "path": 'emails[type eq "work" and value co "corp"].value'}, None),
        (WORK, {"op": "remove", "path": "emails", "value": [{"value": "wu@corp.example"}]}, None),
        (WORK, {"op": "remove", "path": "emails"}, None),
        (
            HOME,
            {"op": "replace", "path": 'emails[type eq "home"].value', "value": "x@y"},
            {**HOME, "value": "x@y"},
        ),
        (
            HOME,
            {"op": "add", "path": 'emails[type eq "work"].value', "value": NEW},
            {"value": NEW, "type": "work"},
        ),
        (
            WORK,
            {"op": "add", "path": "emails", "value": [{"value": NEW, "primary": True}]},
            {"value": NEW, "primary": True},
        ),
        (
            None,
            {"op": "add", "path": 'emails[type eq "work" and primary eq true].value', "value": NEW},
            {"value": NEW, "type": "work", "primary": True},
        ),
    ],
)
def test_an_operation_on_some_values_touches_no_others(
    present: Json | None, operation: Json, result: Json | None
) -> None:
    document = {} if present is None else {"emails": [present]}
    attributes = patched_attributes(patch(operation), document)
    if attributes or result != present:  # nothing is sent on of what stays
        sent, expected = sent_user(attributes), sent_user({"emails": [] if result is None else [result]})
        assert (first_values(sent), sent.qualifiers) == (first_values(expected), expected.qualifiers)
    of_phone = json.loads(json.dumps(operation).replace("emails", "phoneNumbers"))
    if present is not None:
        sent = sent_user(patched_attributes(patch(of_phone), {"phoneNumbers": [present]}))
        assert sent.fields.get("phone", present["value"]) == (None if result is None else result["value"])


def test_operations_of_one_request_follow_each_other() -> None:
    """One removes the old address by its value, after the new one was added."""
    attributes = patched_attributes(
        patch(
            {"op": "add", "path": "emails", "value": [{"value": NEW, "type": "work", "primary": True}]},
            {"op": "remove", "path": 'emails[value eq "wu@corp.example"]'},
            {"op": "remove", "path": 'phoneNumbers[type eq "fax"]'},
        ),
        {"emails": [WORK], "phoneNumbers": [{"value": "1", "type": "mobile"}]},
    )
    assert first_values(sent_user(attributes)) == {"email": NEW}


def test_filters_are_read_with_their_operators_and_parentheses() -> None:
    entry = {"username": "Lin", "active": True, "emails": [WORK, HOME], "meta": {"version": 3}}
    for held in (
        'userName eq "lin" and active eq true',
        'userName Eq "x" OR (userName sw "L" and not (active eq false))',
        'emails[type eq "work" and value ew "corp.example"]',
        'emails[type eq "home"].value eq "wu@home.example"',
        'emails.value co "home" and emails pr and title eq null',
        'userName ne "wu" and userName gt "a" and userName le "lin" and meta.version ge 3',
        'urn:ietf:params:scim:schemas:core:2.0:User:userName eq "lin"',
        'active eq "True"',
    ):
        assert matches_filter(read_filter(held), entry), held
    for other in (
        'emails[type eq "home" and value co "corp"]',
        "not (active pr)",
        'title pr or userName lt "a" or userName ew "L"',
        'emails ne "wu@corp.example"',
        "meta.version gt 3 or userName gt 3",
        'title ne null or userName co "x"',
    ):
        assert not matches_filter(read_filter(other), entry), other
    assert read_filter('a eq "x" or b pr and c pr') == read_filter('a eq "x" or (b pr and c pr)')
    conditions = equalities(read_filter('userName eq "a\\"b" and (externalId eq "y")'))
    assert [(each.path.name, each.value) for each in conditions or ()] == [
        ("username", 'a"b'),
        ("externalid", "y"),
    ]
    for wrong in (
        *(
            "",
            "userName",
            'userName is "x"',
            'userName eq "x" and',
            'userName eq "x',
            "(userName pr",
            "[a pr]",
        ),
        *("userName eq x", 'not userName eq "x"', f"{'(' * 11}a pr{')' * 11}", " and ".join(["a pr"] * 21)),
        *(
            'userName eq "\\ud800"',
            f'userName eq "{"x" * 2000}"',
            'emails[type eq "x".value eq "y"',
            "a eq 1e999",
        ),
    ):
        with pytest.raises(ScimError) as refused:
            read_filter(wrong)
        assert refused.value.scim_type == "invalidFilter", wrong
