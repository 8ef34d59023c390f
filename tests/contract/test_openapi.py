"""The contract as a document: valid, complete, and named in one way throughout."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from enum import StrEnum
from typing import Any

from jsonschema_rs import meta

from app.api.contract import summaries
from app.api.contract.openapi import TAGS
from app.api.contract.problems import status_of
from app.api.contract.refusal_ranges import COMPONENTS, MEANINGS, codes_by_status, range_of
from app.common.duties import GivenDuty
from app.common.records import CodeEnum
from app.i18n import kind_nouns, sentences
from app.platform.settings import PROJECT
from app.registry import LIFECYCLES
from tests.cases import each_case
from tests.contract.answers import as_written, document, refusals

SNAKE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemDocument"}}}

#: Most bytes and lines of the document for each operation, so that a person can open it.
MOST_BYTES, MOST_LINES = 3_500, 125

Operation = dict[str, Any]


def operations() -> list[tuple[str, str, Operation]]:
    """Every operation with its method and address."""
    paths = document()["paths"]
    return [
        (method, path, described) for path, methods in paths.items() for method, described in methods.items()
    ]


#: By plural, what its records are called in summaries.
WORDS = {lifecycle.plural: kind_nouns.noun(lifecycle.kind).lower() for lifecycle in LIFECYCLES}
#: A verb, and words in lower case but for abbreviations; FastAPI's own guess has capitals throughout.
SUMMARY = re.compile(r"[A-Z][a-z]+(?: (?:[a-z]+(?:-[a-z]+)*(?:'s?)?|API|KPIs?|KPI's|IT))+")


def called(value: object) -> str:
    return str(value["operationId"]) if isinstance(value, dict) else ""


EVERY = each_case(("method", "path", "operation"), operations(), ids=called)


@EVERY
def test_an_operation_is_named_tagged_and_summed_up(method: str, path: str, operation: Operation) -> None:
    assert SNAKE.fullmatch(operation["operationId"])
    assert SUMMARY.fullmatch(operation["summary"]), "say it in the route, or begin the docstring with it"
    assert len(operation["summary"].split()) <= summaries.MOST_SUMMARY_WORDS, "a verb and its object"
    assert operation["description"].endswith(".")
    assert operation["tags"]
    assert set(operation["tags"]) <= TAGS.keys()


@EVERY
def test_an_operation_under_v1_asks_for_a_key_and_says_what_may_go_wrong(
    method: str, path: str, operation: Operation
) -> None:
    guarded = path.startswith("/v1/")
    assert bool(operation.get("security", document()["security"])) == guarded
    answers = operation["responses"]
    if guarded:
        assert {"401", "406", "429", "503"} <= answers.keys()
    if method == "post":
        assert {"400", "403", "413", "415", "422"} <= answers.keys()
    if "{id}" in path:
        assert {"404", "422"} <= answers.keys()
    if any(parameter["name"] == "cursor" for parameter in operation.get("parameters", ())):
        assert {"400", "422"} <= answers.keys()
    for status, answer in answers.items():
        assert answer["description"].strip()
        if int(status) >= 400 and guarded:
            assert answer["content"] == PROBLEM


@EVERY
def test_an_operation_says_by_range_which_refusals_the_code_declares(
    method: str, path: str, operation: Operation
) -> None:
    answers = as_written()["paths"][path][method]["responses"]
    declared = {range_of(status) for status in refusals()[operation["operationId"]]}
    assert {name for name in answers if name.endswith("XX")} == declared
    for kind in declared:
        assert answers[kind] == {"$ref": f"#/components/responses/{COMPONENTS[kind][0]}"}
    by_name = {status for status, answer in answers.items() if not status.endswith("XX")}
    assert {status for status in by_name if status >= "400"} <= {"503"}, "only what readiness answers"


def test_each_range_of_refusals_lists_every_code_with_its_status() -> None:
    described = {
        kind: as_written()["components"]["responses"][name] for kind, (name, _) in COMPONENTS.items()
    }
    listed = {
        code: int(status)
        for answer in described.values()
        for status, codes in re.findall(r"^- (\d{3}): (.*)\.$", answer["description"], re.MULTILINE)
        for code in re.findall(r"`([a-z0-9_]+)`(?=[,.]|$)", codes)
        if code in sentences("en")["title"]
    }
    assert listed == {code: status_of(code) for code in sentences("en")["title"]}
    assert {status for statuses in refusals().values() for status in statuses} <= MEANINGS.keys()
    assert codes_by_status().keys() <= MEANINGS.keys()
    for answer in described.values():
        assert answer["content"] == PROBLEM
        assert {"X-Request-Id", "Content-Language", "Retry-After"} <= answer["headers"].keys()


@EVERY
def test_a_parameter_is_described_and_never_null(method: str, path: str, operation: Operation) -> None:
    for parameter in operation.get("parameters", ()):
        assert parameter.get("description", "").strip(), parameter["name"]
        schema = {name: part for name, part in parameter["schema"].items() if name != "description"}
        assert "null" not in str(schema)
        if parameter["in"] == "query":
            assert SNAKE.fullmatch(parameter["name"])


#: Verbs for operations whose names begin with another word: a record falls due or overdue, and a caller flags
#: it; `bulk` is no verb, and `put` is that of a file's transfer.
OTHER_VERBS = {"bulk": {"act"}, "fall": {"flag", "open", "remind"}, "put": {"upload"}}
#: Verbs for operations whose own verb would leave out the kind of the record, or the person who is moved.
OTHER_VERBS |= {"respond": {"submit"}, "rate": {"give"}, "plan": {"draw"}, "leave": {"remove"}}
#: Verbs for operations whose own verb does not take the record as its object: nobody minutes a meeting.
OTHER_VERBS |= {"decide": {"make"}, "deputise": {"let"}, "fix": {"complete"}, "hold": {"put"}}
OTHER_VERBS |= {"improve": {"open"}, "measure": {"add"}, "minute": {"write"}, "provide": {"update"}}
OTHER_VERBS |= {"raise": {"report"}, "reach": {"record"}, "read": {"record"}, "tick": {"check"}}


def test_a_summary_begins_with_the_verb_of_its_operation() -> None:
    mismatched = []
    for _, _, operation in operations():
        verb, word = operation["operationId"].split("_")[0], operation["summary"].split()[0].lower()
        if word != verb and word not in OTHER_VERBS.get(verb, ()):
            mismatched.append(f"{operation['operationId']}: {operation['summary']}")
    assert mismatched == []


@each_case("part", ["operationId", "summary"])
def test_no_two_operations_are_called_alike(part: str) -> None:
    names = [operation[part] for _, _, operation in operations()]
    assert len(names) == len(set(names))


def test_a_summary_names_the_kind_of_its_records() -> None:
    for _, path, operation in operations():
        if "x-lifecycle" in operation:
            assert WORDS[path.split("/")[2]] in operation["summary"].lower(), operation["operationId"]


def test_a_description_calls_a_ticket_only_what_is_one() -> None:
    misnamed = [
        f"{operation['operationId']}: {operation['description']}"
        for _, _, operation in operations()
        if "x-lifecycle" in operation
        and "the ticket" in operation["description"]
        and "a ticket" not in operation["description"]
    ]
    assert misnamed == []


def test_every_reference_leads_somewhere_and_every_schema_is_referred_to() -> None:
    parts = as_written()["components"]
    kinds = ("schemas", "headers", "parameters", "requestBodies", "responses")
    defined = {f"#/components/{kind}/{name}" for kind in kinds for name in parts[kind]}
    assert set(_references(as_written())) == defined


def test_a_code_in_an_answer_may_be_any_text_and_one_that_is_sent_only_a_known_one() -> None:
    schemas = document()["components"]["schemas"]
    lists = {name for name, schema in schemas.items() if "enum" in schema}
    open_lists = {f"Any{name}" for name in lists} & schemas.keys()
    answered = _reached([operation["responses"] for _, _, operation in operations()])
    sent = _reached(
        [
            operation.get(part, {})
            for _, _, operation in operations()
            for part in ("requestBody", "parameters")
        ]
    )
    assert answered & open_lists == open_lists != set()
    assert not sent & open_lists
    for name in open_lists:
        assert schemas[name]["anyOf"] == [{"$ref": f"#/components/schemas/{name[3:]}"}, {"type": "string"}]
    closed = {
        name
        for name in answered - lists - open_lists
        for reference in _references(schemas[name])
        if reference.rpartition("/")[2] in lists
    }
    assert closed == set()


def _reached(parts: Any) -> set[str]:
    """The names of the schemas that these parts of the contract refer to, directly or through others."""
    reached: set[str] = set()
    waiting = [parts]
    while waiting:
        for reference in _references(waiting.pop()):
            _, _, kind, name = reference.split("/")
            if kind == "schemas" and name not in reached:
                reached.add(name)
                waiting.append(document()["components"]["schemas"][name])
    return reached


def test_what_several_operations_answer_or_take_stands_once() -> None:
    repeated = [
        json.dumps(part, sort_keys=True)
        for methods in as_written()["paths"].values()
        for operation in methods.values()
        for part in (
            *operation["responses"].values(),
            *operation.get("parameters", ()),
            operation.get("requestBody", {"$ref": ""}),
        )
        if "$ref" not in part
    ]
    assert len(repeated) == len(set(repeated))


def test_the_contract_is_no_longer_than_its_operations_need() -> None:
    text = (PROJECT / "openapi" / "openapi.json").read_text(encoding="utf-8")
    assert len(text.encode()) / len(operations()) < MOST_BYTES
    assert text.count("\n") / len(operations()) < MOST_LINES


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for part in value.values():
            yield from _references(part)
    elif isinstance(value, list):
        for part in value:
            yield from _references(part)


@each_case("name", document()["components"]["schemas"])
def test_a_schema_is_valid_and_its_fields_are_named_in_one_way(name: str) -> None:
    schema = document()["components"]["schemas"][name]
    meta.validate(schema)
    for pattern in _patterns(schema):
        re.compile(pattern)
    assert re.fullmatch(r"[A-Z][A-Za-z]+", name)
    for field, field_schema in schema.get("properties", {}).items():
        assert SNAKE.fullmatch(field), field
        # Periods are `from` and `to`, and an instant that was asked for is `at`, as in the question; figures
        # and the sentences on them are `as_of` an instant.
        if (
            "date-time" in str(field_schema)
            and field not in ("from", "to", "at")
            and not name.startswith(("Kpi", "Attention"))
        ):
            assert field.endswith(("_at", "_since")), f"{name}.{field} is a time"


def _patterns(schema: Any) -> Iterator[str]:
    """What texts must match in it: the schema of schemas leaves open whether it is an expression at all."""
    if isinstance(schema, dict):
        if isinstance(schema.get("pattern"), str):
            yield schema["pattern"]
        for part in schema.values():
            yield from _patterns(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from _patterns(part)


#: The ends of the names of answers about one KPI.
KPI_ANSWERS = ("KpiAnswer", "KpiBehaviour", "KpiForecast", "KpiInfluence")


def test_what_is_sent_is_closed_and_what_is_answered_is_complete() -> None:
    sent = {ref for _, _, operation in operations() for ref in _references(operation.get("requestBody", {}))}
    answered = {ref for _, _, operation in operations() for ref in _references(operation["responses"])}
    schemas = document()["components"]["schemas"]
    for reference in sent:
        assert schemas[reference.rpartition("/")[2]]["additionalProperties"] is False, reference
    bodies = {reference for reference in answered if reference.startswith("#/components/schemas/")}
    # A refusal has what explains it, and a partial record what was asked for.
    exceptions = {f"#/components/schemas/{name}" for name in ("ProblemDocument", "PartialRecord")}
    for reference in bodies - exceptions:
        schema = schemas[reference.rpartition("/")[2]]
        # A command, a list or a KPI says what it warns of only where there is something.
        may_warn = reference.endswith(("WithWarnings", "Page", *KPI_ANSWERS))
        left_out = {"warnings"} if may_warn else set()
        assert set(schema.get("required", ())) == set(schema.get("properties", ())) - left_out, reference


def test_a_list_that_is_sent_is_bounded() -> None:
    schemas = document()["components"]["schemas"]
    sent = {ref for _, _, operation in operations() for ref in _references(operation.get("requestBody", {}))}
    lists = [
        (reference, name, field_schema)
        for reference in sent
        for name, field_schema in schemas[reference.rpartition("/")[2]].get("properties", {}).items()
        if "'array'" in str(field_schema)
    ]
    assert lists
    assert [
        (reference, name) for reference, name, field_schema in lists if "maxItems" not in str(field_schema)
    ] == []


def test_a_code_in_the_contract_has_the_values_that_it_has_in_the_code() -> None:
    code_kinds: tuple[type[StrEnum], ...] = (*CodeEnum.__subclasses__(), GivenDuty)
    codes = {kind.__name__: [code.value for code in kind] for kind in code_kinds}
    for name, schema in document()["components"]["schemas"].items():
        if "enum" in schema:
            assert schema["enum"] == codes[name]
