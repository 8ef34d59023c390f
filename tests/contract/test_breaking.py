"""What breaks clients is found, and what does not is let through: a pair of documents for each rule."""

from __future__ import annotations

import copy
import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.cli.upkeep import contract
from app.cli.upkeep.contract import unexcused
from app.contract import breaking, declared
from app.contract.schemas import RULES, BreakingChange
from app.contract.selection import TaggedContract
from app.kernel.actions.describe import catalogue
from app.registry import LIFECYCLES
from tests.cases import each_case
from tests.contract.answers import as_written, document
from tests.contract.promised import OF_PROMISES
from tests.extent import ALL_EXAMPLES, WHOLE, in_test_all

Schema = dict[str, Any]
JSON = "application/json"
PARTIAL = "application/vnd.ledgerdesk.partial+json"
TEXT: Schema = {"type": "string"}
ID: Schema = {"type": "string", "format": "uuid"}
STATE: Schema = {"enum": ["new", "closed"]}


def record(required: tuple[str, ...] = ("state",), **properties: Schema) -> Schema:
    """A closed object."""
    return {
        "type": "object",
        "additionalProperties": False,
        "required": list(required),
        "properties": properties,
    }


def query(**schema: Any) -> Schema:
    return {"name": "state", "in": "query", "required": False, "schema": {**TEXT, **schema}}


def api(
    operation: Schema | None = None, sent: Schema | None = None, answered: Schema | None = None
) -> Schema:
    """A document with one operation, `act`; parts of it are given, or else the usual ones."""
    schemas = {
        "Body": sent or record(state=TEXT, note=TEXT),
        "Answer": answered or record(state=STATE, note=TEXT),
    }
    usual: Schema = {
        "operationId": "act",
        "security": [{"api_key": []}],
        "parameters": [query()],
        "requestBody": {"required": True, "content": {JSON: refers("Body")}},
        "responses": {"200": {"content": {JSON: refers("Answer")}, "headers": {"ETag": {"required": True}}}},
    }
    described = {**usual, **(operation or {})}
    return {"paths": {"/v1/things": {"post": described}}, "components": {"schemas": schemas}}


def sends(required: tuple[str, ...] = ("state",), **properties: Schema) -> Schema:
    """A document whose operation takes this body."""
    return api(sent=record(required, **properties))


def shows(required: tuple[str, ...] = ("state",), **properties: Schema) -> Schema:
    """A document whose operation answers this."""
    return api(answered=record(required, **properties))


def refers(name: str) -> Schema:
    return {"schema": {"$ref": f"#/components/schemas/{name}"}}


def answers(status: str = "200", media_type: str = JSON, **headers: Schema) -> Schema:
    return {"responses": {status: {"content": {media_type: refers("Answer")}, "headers": headers}}}


def refuses(status: str, media_type: str, **headers: Schema) -> Schema:
    """A document whose operation may answer with that status, or statuses of that range."""
    refusal = answers(status, media_type, **headers)["responses"]
    return api({"responses": answers(ETag=ALWAYS)["responses"] | refusal})


def _with_schema(document: Schema, **schemas: Schema) -> Schema:
    document["components"]["schemas"] |= schemas
    return document


def events(name: str = "thing.made", version: int = 1, **fields: Schema) -> Schema:
    """A catalogue with one type of event."""
    payload = record(("code",), **(fields or {"code": {"enum": ["a", "b"]}, "team": ID}))
    row = {"type": "object", "properties": {"state": {"type": ["string", "null"]}}}
    return {"types": {name: {"schema_version": version, "given": payload}}, "rows": {"thing": row}}


MAYBE: Schema = {"anyOf": [TEXT, {"type": "null"}]}
ALWAYS: Schema = {"required": True}
GONE: Schema = {"paths": {}, "components": {}}

#: Rule, place, the old document and the new one.
OF_OPERATIONS = [
    ("operation_removed", "act", api(), GONE),
    ("operation_renamed", "act", api(), api({"operationId": "do"})),
    ("security_added", "act", api({"security": []}), api()),
    ("security_added", "act", api(), api({"security": [{"api_key": ["write"]}]})),
    ("parameter_removed", "act/query/state", api(), api({"parameters": []})),
    ("parameter_required", "act/query/state", api(), api({"parameters": [{**query(), "required": True}]})),
    (
        "parameter_required",
        "act/query/state",
        api({"parameters": []}),
        api({"parameters": [{**query(), "required": True}]}),
    ),
    ("parameter_style", "act/query/state", api(), api({"parameters": [{**query(), "explode": False}]})),
    ("type_changed", "act/query/state", api(), api({"parameters": [query(type="integer")]})),
    ("type_changed", "act/query/state", api(), api({"parameters": [query(enum=["new"])]})),
    (
        "value_removed",
        "act/query/state=new",
        api({"parameters": [query(enum=["new", "closed"])]}),
        api({"parameters": [query(enum=["closed"])]}),
    ),
    (
        "default_changed",
        "act/query/state",
        api({"parameters": [query(default="new")]}),
        api({"parameters": [query(default="closed")]}),
    ),
    ("bounds_narrowed", "act/query/state", api(), api({"parameters": [query(maxLength=5)]})),
    ("body_removed", "act/body", api(), api({"requestBody": None})),
    ("body_required", "act/body", api({"requestBody": None}), api()),
    ("media_type_removed", f"act/body/{JSON}", api(), api({"requestBody": {"content": {}}})),
    ("property_removed", "Body/note", api(), sends(state=TEXT)),
    ("property_required", "Body/note", api(), sends(("state", "note"), state=TEXT, note=TEXT)),
    (
        "property_required",
        "Body/who",
        api(),
        sends(("state", "who"), state=TEXT, note=TEXT, who=ID),
    ),
    ("type_changed", "Body/note", api(), sends(state=TEXT, note=ID)),
    ("type_changed", "Body/note", sends(state=TEXT, note=MAYBE), api()),
    (
        "type_changed",
        "Body/note",
        sends(state=TEXT, note={"anyOf": [TEXT, {"type": "integer"}, {"type": "boolean"}]}),
        sends(state=TEXT, note={"anyOf": [TEXT, {"type": "boolean"}]}),
    ),
    ("bounds_narrowed", "Body/note", api(), sends(state=TEXT, note={**TEXT, "minLength": 1})),
    ("bounds_narrowed", "Body/note", api(), sends(state=TEXT, note={**TEXT, "pattern": "^a"})),
    (
        "bounds_narrowed",
        "Body/note[]",
        sends(state=TEXT, note={"type": "array", "items": {**TEXT, "maxLength": 9}}),
        sends(state=TEXT, note={"type": "array", "items": {**TEXT, "maxLength": 8}}),
    ),
    (
        "default_changed",
        "Body/note",
        sends(state=TEXT, note={**TEXT, "default": "a"}),
        sends(state=TEXT, note={**TEXT, "default": "b"}),
    ),
    ("status_changed", "act/answer", api(), api(answers("202", ETag=ALWAYS))),
    (
        "media_type_removed",
        f"act/answer/200/{JSON}",
        api(),
        api(answers(media_type="text/plain", ETag=ALWAYS)),
    ),
    ("header_removed", "act/answer/200/header/ETag", api(), api(answers())),
    ("header_removed", "act/answer/200/header/ETag", api(), api(answers(ETag={"required": False}))),
    ("media_type_removed", "act/answer/404/text/plain", refuses("404", "text/plain"), refuses("4XX", JSON)),
    ("media_type_removed", "act/answer/4XX/text/plain", refuses("4XX", "text/plain"), refuses("404", JSON)),
    (
        "header_removed",
        "act/answer/401/header/WWW-Authenticate",
        refuses("401", JSON, **{"WWW-Authenticate": ALWAYS}),
        refuses("4XX", JSON),
    ),
    (
        "media_type_removed",
        f"act/answer/200/{PARTIAL}",
        api(answers(media_type=PARTIAL, ETag=ALWAYS)),
        api(),
    ),
    ("property_removed", "Answer/note", api(), shows(state=STATE)),
    (
        "property_optional",
        "Answer/state",
        api(),
        shows((), state=STATE, note=TEXT),
    ),
    (
        "may_be_null",
        "Answer/note",
        api(),
        shows(state=STATE, note=MAYBE),
    ),
    (
        "type_changed",
        "Answer/note",
        api(),
        shows(state=STATE, note={"type": "integer"}),
    ),
]
OF_EVENTS = [
    ("event_removed", "event/thing.made", events(), {**events(), "types": {}}),
    ("event_removed", "event/thing", events(), {**events(), "rows": {}}),
    ("version_lowered", "event/thing.made", events(version=2), events()),
    ("property_removed", "event/thing.made/given/team", events(), events(code={"enum": ["a", "b"]})),
    (
        "property_required",
        "event/thing.made/given/code",
        events(team=ID) | {"types": {"thing.made": {"schema_version": 1, "given": record((), team=ID)}}},
        events(code={"enum": ["a"]}, team=ID),
    ),
    (
        "value_removed",
        "event/thing.made/given/code=b",
        events(),
        events(code={"enum": ["a"]}, team=ID),
    ),
    ("type_changed", "event/thing.made/given/team", events(), events(code={"enum": ["a", "b"]}, team=TEXT)),
    (
        "property_removed",
        "event/thing/set/state",
        events(),
        {**events(), "rows": {"thing": {"type": "object", "properties": {}}}},
    ),
]

#: An answer that is either of two shapes, and one that has a media type for each.
EITHER: Schema = {"anyOf": [refers("Answer")["schema"], record((), state=STATE)]}
WITH_PARTS: Schema = {
    "content": {JSON: refers("Answer"), PARTIAL: {"schema": record((), state=STATE)}},
    "headers": {"ETag": ALWAYS},
}
USUAL = api()["paths"]["/v1/things"]["post"]
RENAMED = {"requestBody": {"required": True, "content": {JSON: refers("Renamed")}}}


def _with_components() -> Schema:
    """The usual document; its operation refers to its parameter and its answer."""
    document = api()
    operation = document["paths"]["/v1/things"]["post"]
    document["components"] |= {
        "parameters": {"State": operation["parameters"][0]},
        "responses": {"Answer": operation["responses"]["200"]},
    }
    operation["parameters"] = [{"$ref": "#/components/parameters/State"}]
    operation["responses"] = {"200": {"$ref": "#/components/responses/Answer"}}
    return document


HARMLESS = [
    (
        "another operation",
        api(),
        {**api(), "paths": {**api()["paths"], "/v1/more": api()["paths"]["/v1/things"]}},
    ),
    ("an optional parameter", api({"parameters": []}), api()),
    ("an optional member of a body", sends(state=TEXT), sends(state=TEXT, note=TEXT)),
    ("a member that need not be given", sends(("state", "note"), state=TEXT, note=TEXT), api()),
    ("null may be sent", api(), sends(state=TEXT, note=MAYBE)),
    (
        "a code more may be sent",
        sends(state={"enum": ["a"]}),
        sends(state={"enum": ["a", "b"]}),
    ),
    (
        "a number may be sent",
        sends(state={"type": "integer"}),
        sends(state={"type": "number"}),
    ),
    (
        "wider bounds",
        sends(state={**TEXT, "maxLength": 5}),
        sends(state={**TEXT, "maxLength": 6}),
    ),
    ("no bounds", sends(state={**TEXT, "pattern": "a"}), sends(state=TEXT)),
    ("a code more in an answer", api(), shows(state={"enum": ["new", "closed", "held"]}, note=TEXT)),
    (
        "a code more in an answer whose codes are open",
        shows(state={"anyOf": [STATE, TEXT]}),
        shows(state={"anyOf": [{"enum": ["new", "closed", "held"]}, TEXT]}),
    ),
    ("what stands in an operation, as a component", api(), _with_components()),
    (
        "a member more in an answer",
        shows(state=TEXT),
        shows(state=TEXT, note=TEXT),
    ),
    ("a code less in an answer", api(), shows(state={"enum": ["new"]}, note=TEXT)),
    ("never null any more", shows(state=MAYBE), shows(state=TEXT)),
    (
        "a problem more",
        api(),
        api({"responses": {**api()["paths"]["/v1/things"]["post"]["responses"], "409": {}}}),
    ),
    ("a refusal by its range", refuses("404", JSON), refuses("4XX", JSON)),
    (
        "a header that only some refusals of a range have",
        refuses("401", JSON, **{"WWW-Authenticate": ALWAYS}),
        refuses("4XX", JSON, **{"WWW-Authenticate": {"required": False}}),
    ),
    ("refusals of a range by their statuses", refuses("4XX", JSON), refuses("404", JSON)),
    ("no refusal of a range any more", refuses("4XX", JSON), api()),
    (
        "one shape where there were two, and another media type for the second",
        api({"responses": {"200": {"content": {JSON: {"schema": EITHER}}, "headers": {"ETag": ALWAYS}}}}),
        api(answers(ETag=ALWAYS) | {"responses": {"200": WITH_PARTS}}),
    ),
    ("no key is asked for", api(), api({"security": []})),
    ("a description", api(), api({"description": "More about it."})),
    ("a schema of another name", api(), _with_schema(api(RENAMED), Renamed=record(state=TEXT, note=TEXT))),
]
HARMLESS_EVENTS = [
    (
        "another event",
        events(),
        {**events(), "types": {**events()["types"], **events("thing.more")["types"]}},
    ),
    ("a code more", events(), events(code={"enum": ["a", "b", "c"]}, team=ID)),
    ("a field more", events(), events(code={"enum": ["a", "b"]}, team=ID, note=TEXT)),
    ("a new version", events(), events(version=2, code=ID)),
]


def found(breaks: breaking.Breaks) -> list[tuple[str, str]]:
    return [(broken.rule, broken.place) for broken in breaks]


def _whole(document: Schema) -> Schema:
    """The document without the parts that are none."""
    document = copy.deepcopy(document)
    for methods in document["paths"].values():
        for operation in methods.values():
            if operation.get("requestBody") is None:
                operation.pop("requestBody", None)
    return document


@each_case(("rule", "place", "old", "new"), OF_OPERATIONS)
def test_what_breaks_clients_is_found_and_nothing_else(
    rule: str, place: str, old: Schema, new: Schema
) -> None:
    breaks = breaking.of_operations(_whole(old), _whole(new))
    assert found(breaks) == [(rule, place)]
    (broken, met), *_ = breaks.items()
    assert met == ["act"]
    sentence = declared.sentence(broken, met)
    assert sentence.startswith(place)
    assert sentence.endswith(f"rule {rule}.")


@pytest.mark.parametrize(("rule", "place", "old", "new"), OF_EVENTS)
def test_what_breaks_readers_of_events_is_found(rule: str, place: str, old: Schema, new: Schema) -> None:
    assert found(breaking.of_events(old, new)) == [(rule, place)]


@each_case(("what", "old", "new"), HARMLESS)
def test_what_breaks_nobody_is_let_through(what: str, old: Schema, new: Schema) -> None:
    assert found(breaking.of_operations(_whole(old), _whole(new))) == []


@pytest.mark.parametrize(("what", "old", "new"), HARMLESS_EVENTS)
def test_what_breaks_no_reader_of_events_is_let_through(what: str, old: Schema, new: Schema) -> None:
    assert found(breaking.of_events(old, new)) == []


def test_every_rule_has_a_pair() -> None:
    pairs = (*OF_OPERATIONS, *OF_EVENTS, *OF_PROMISES)
    assert {rule for rule, *_ in pairs} == RULES.keys()


@in_test_all
def test_nothing_breaks_where_nothing_changes() -> None:
    assert breaking.of_operations(document(), document()) == {}
    assert breaking.of_events(catalogue(LIFECYCLES), catalogue(LIFECYCLES)) == {}


@cache
def real_contract() -> Schema:
    """The contract as it is; to compare all of it takes seconds, so in `make test` a part."""
    return document() if WHOLE else TaggedContract(document()).with_tags(["incidents"])


@cache
def fields() -> list[tuple[str, str]]:
    """Fields that answers always have."""
    return [
        (name, field)
        for name, schema in real_contract()["components"]["schemas"].items()
        for field in schema.get("required", ())
        if name.endswith("Out")
    ]


@given(st.data())
@settings(max_examples=10 if ALL_EXAMPLES else 2, deadline=None, derandomize=True, database=None)
def test_a_field_of_the_real_contract_that_goes_away_is_missed(data: st.DataObject) -> None:
    name, field = data.draw(st.sampled_from(fields()))
    changed = copy.deepcopy(real_contract())
    schema = changed["components"]["schemas"][name]
    del schema["properties"][field]
    schema["required"].remove(field)
    breaks = breaking.of_operations(real_contract(), changed)
    assert BreakingChange(f"{name}/{field}", "property_removed") in breaks
    assert all(breaks.values()), "each says in which operations it is met"


BROKEN: breaking.Breaks = {BreakingChange("Body/note", "property_removed"): ["act", "do"]}
ENTRY = """
[[change]]
version = "0.2.0"
place = "Body/note"
rule = "property_removed"
reason = "Nobody has ever sent it."
"""


def test_a_break_is_excused_by_its_declaration_for_a_version_to_come() -> None:
    assert declared.undeclared(BROKEN, declared.read(ENTRY), "0.1.0") == {}
    assert declared.unfounded(BROKEN, declared.read(ENTRY), "0.1.0") == []
    assert declared.undeclared(BROKEN, [], "0.1.0") == BROKEN


def test_what_a_released_version_declared_is_history_and_excuses_nothing() -> None:
    assert declared.undeclared(BROKEN, declared.read(ENTRY), "0.2.0") == BROKEN
    assert declared.unfounded({}, declared.read(ENTRY), "0.2.0") == []


def test_a_declaration_that_names_no_break_is_found() -> None:
    assert [change.place for change in declared.unfounded({}, declared.read(ENTRY), "0.1.9")] == ["Body/note"]
    assert declared.undeclared(BROKEN, declared.read(ENTRY), "0.10.0") == BROKEN, "0.10 comes after 0.2"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("version = ", "not valid TOML"),
        ('[[change]]\nversion = "0.2.0"\n', "must have"),
        (ENTRY.replace('reason = "Nobody has ever sent it."', 'reason = " "'), "must have"),
        (ENTRY.replace("property_removed", "no_rule"), "no rule no_rule"),
        (ENTRY.replace("0.2.0", "next"), "next is not a version"),
    ],
)
def test_a_declaration_that_is_not_as_it_must_be_is_refused(wrong: str, said: str) -> None:
    with pytest.raises(declared.BadDeclaration, match=said):
        declared.read(wrong)


def test_what_is_to_be_pasted_lacks_only_the_version_and_the_reason() -> None:
    pasted = declared.entry(BreakingChange("Body/note", "property_removed"))
    filled = pasted.replace('version = ""', 'version = "0.2.0"').replace('reason = ""', 'reason = "Why."')
    assert declared.undeclared(BROKEN, declared.read(filled), "0.1.0") == {}


@in_test_all
def test_no_client_of_a_released_contract_is_broken_unless_it_is_declared() -> None:
    assert unexcused() == []


@in_test_all
def test_from_the_first_release_on_what_breaks_its_clients_is_told_with_what_to_paste(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contract, "RELEASED", tmp_path / "released")
    monkeypatch.setattr(contract, "DECLARED", tmp_path / "declared_changes.toml")
    # The same, as test_drift.py holds, without the seconds that it takes to make.
    monkeypatch.setattr(contract, "_operations", as_written)
    assert not contract.is_released()
    assert unexcused() == [], "nothing is released yet"
    contract.release()
    assert contract.is_released()
    assert unexcused() == []
    released = json.loads((tmp_path / "released" / "openapi.json").read_text(encoding="utf-8"))
    released["paths"]["/v1/gone"] = {"get": {**released["paths"]["/v1/me"]["get"], "operationId": "get_gone"}}
    (tmp_path / "released" / "openapi.json").write_text(json.dumps(released), encoding="utf-8")
    message = unexcused()
    assert message[0] == "Breaks clients: get_gone was removed (GET /v1/gone): rule operation_removed."
    version = "9.0.0"
    entry = (
        message[-1]
        .replace('version = ""', f'version = "{version}"')
        .replace('reason = ""', 'reason = "Why."')
    )
    (tmp_path / "declared_changes.toml").write_text(entry, encoding="utf-8")
    assert unexcused() == []
