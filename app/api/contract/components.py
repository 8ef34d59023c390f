"""Shared components of the OpenAPI document: recurring schemas, bodies, responses and parameters, each
defined once and referred to (pure).
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Set
from http import HTTPStatus
from typing import Any

from app.common.components import MARK, marked

Schema = dict[str, Any]
#: Members of a schema that belong to its use in one place, and not to the type.
USAGE_MEMBERS = ("default", "deprecated", "description", "examples")
#: Members of a schema that hold example or default values: names within them are clients' data, not schema
#: keywords.
VALUES = frozenset({"const", "default", "enum", "example", "examples"})
#: A body, response or parameter of an operation: its container, its key in there, and the collection that its
#: path begins with.
_Usage = tuple[Any, Any, str]
#: Types whose schemas may have null as another type, without a word on what an object's members are then.
PLAIN_TYPES = frozenset({"array", "boolean", "integer", "number", "string"})
_SCHEMA = "#/components/schemas/"
TEXT = {"type": "string"}
NULL = {"type": "null"}


def lift(document: Schema) -> None:
    """Make a component of each annotated type that has a name, and refer to it where it occurs.

    Members that belong to the use (description, default, examples) are kept next to the reference. A type
    that is narrowed where it is used stays in its place.
    """
    uses: defaultdict[str, list[tuple[Schema, Schema, Schema]]] = defaultdict(list)
    for part in list(marked({"paths": document["paths"], "components": document["components"]})):
        about = part.pop(MARK)
        usage = {name: part.pop(name) for name in USAGE_MEMBERS if name in part}
        part.update(about["more"])
        uses[about["name"]].append((part, usage, about))
    for name, parts in uses.items():
        alike = Counter(json.dumps(part, sort_keys=True) for part, _, _ in parts)
        usual, about = json.loads(alike.most_common(1)[0][0]), parts[0][2]
        for part, usage, _ in parts:
            if part == usual:
                part.clear()
                part["$ref"] = _SCHEMA + name
            part.update(usage)
        texts = {"description": about["description"], "examples": [about["example"]]}
        document["components"]["schemas"][name] = {**usual, **texts}


def share_components(document: Schema) -> None:
    """Make components of the bodies, responses and parameters that several operations have, and refer to
    them.
    """
    components = document["components"]
    components["requestBodies"] = _shared(_bodies(document), "requestBodies", _body_name)
    components["responses"] |= _shared(_responses(document), "responses", _response_name)
    components["responses"] = dict(sorted(components["responses"].items()))
    components["parameters"] = _shared(_parameters(document), "parameters", _parameter_name)


def open_codes(document: Schema) -> None:
    """Let each code in answers be any text besides the known codes; codes in requests stay closed.

    A list of codes gets a second component for answers, whose name begins with *Any*.
    """
    schemas = document["components"]["schemas"]
    answered = reached_schemas(document, response_parts(document))
    lists = {name for name, schema in schemas.items() if "enum" in schema}
    for name in answered - lists:
        _open(schemas[name], lists)
    for responses, status, _ in _responses(document):
        _open(responses[status], lists)
    schemas |= {
        f"Any{name}": {
            "description": f"A code of {name}, or one of a later version: clients must accept any code.",
            "anyOf": [{"$ref": _SCHEMA + name}, TEXT],
        }
        for name in lists & answered
    }
    document["components"]["schemas"] = dict(sorted(schemas.items()))


def response_parts(document: Mapping[str, Any]) -> list[Any]:
    """Return the responses of the document, shared ones and those of single operations."""
    shared = document["components"]["responses"].values()
    return [*shared, *(holder[status] for holder, status, _ in _responses(document))]


def reached_schemas(document: Mapping[str, Any], parts: Iterable[Any]) -> set[str]:
    """Return the names of the schemas that these parts of the document refer to, directly or indirectly."""
    schemas = document["components"]["schemas"]
    reached: set[str] = set()
    waiting = list(parts)
    while waiting:
        for reference in _references(waiting.pop()):
            name = reference.removeprefix(_SCHEMA)
            if name in schemas and name not in reached:
                reached.add(name)
                waiting.append(schemas[name])
    return reached


def _references(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        if isinstance(schema.get("$ref"), str):
            yield schema["$ref"]
        for part in schema.values():
            yield from _references(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from _references(part)


def _open(schema: Any, lists: Set[str]) -> None:
    """Let codes within the schema be any text besides the known ones. `lists`: the names of components that
    are lists of codes; references to them lead to their open forms (`Any…`).
    """
    if isinstance(schema, dict):
        name = str(schema.get("$ref", "")).removeprefix(_SCHEMA)
        if name in lists:
            schema["$ref"] = f"{_SCHEMA}Any{name}"
        elif "enum" in schema:
            code_values = {"type": schema.pop("type"), "enum": schema.pop("enum")}
            schema["anyOf"] = [code_values, TEXT]
        else:
            for part in schema.values():
                _open(part, lists)
    elif isinstance(schema, list):
        for part in schema:
            _open(part, lists)


def shorten_nullable(schema: Any) -> None:
    """Write each union of a plain type and null as one schema with two types, which is half as long."""
    if isinstance(schema, dict):
        _merge_null(schema)
        for name, part in schema.items():
            if name not in VALUES:
                shorten_nullable(part)
    elif isinstance(schema, list):
        for part in schema:
            shorten_nullable(part)


def share_nullable(document: Schema) -> None:
    """Make a component (`PersonStubOrNull`) of each named type that may be null in several places."""
    schemas = document["components"]["schemas"]
    uses = list(_nullable_references(schemas))
    counts = Counter(use["anyOf"][0]["$ref"] for use in uses)
    for use in uses:
        reference = use["anyOf"][0]["$ref"]
        if counts[reference] > 1:
            choices = use.pop("anyOf")
            usage = dict(use)
            use.clear()
            use |= {"$ref": f"{reference}OrNull", **usage}
            schemas[f"{reference.removeprefix(_SCHEMA)}OrNull"] = {"anyOf": choices}
    document["components"]["schemas"] = dict(sorted(schemas.items()))


def _nullable_references(schema: Any) -> Iterator[Schema]:
    """Yield every subschema that is a named type or null."""
    if isinstance(schema, dict):
        choices = schema.get("anyOf")
        if isinstance(choices, list) and choices[1:] == [NULL] and choices[0].keys() == {"$ref"}:
            yield schema
        for name, part in schema.items():
            if name not in VALUES:
                yield from _nullable_references(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from _nullable_references(part)


def _merge_null(schema: Schema) -> None:
    choices = schema.get("anyOf", [])
    if len(choices) != 2 or choices[1] != NULL or choices[0].get("type") not in PLAIN_TYPES:
        return
    # A list of codes would have to have null among them.
    if choices[0].keys() & {"enum", "const", *schema}:
        return
    del schema["anyOf"]
    members = dict(schema)
    schema.clear()
    schema.update({**choices[0], "type": [choices[0]["type"], "null"], **members})


def without_titles(schema: Any) -> None:
    """Remove titles, which FastAPI derives from names and so add nothing to them."""
    if isinstance(schema, dict):
        if isinstance(schema.get("title"), str):
            del schema["title"]
        for name, part in schema.items():
            if name not in VALUES:
                without_titles(part)
    elif isinstance(schema, list):
        for part in schema:
            without_titles(part)


def _operations(document: Mapping[str, Any]) -> Iterator[tuple[str, Schema]]:
    """Yield each operation with the collection that its path begins with."""
    for path, operations in document["paths"].items():
        collection = path.removeprefix("/v1").split("/")[1]
        for operation in operations.values():
            yield collection, operation


def _responses(document: Mapping[str, Any]) -> Iterator[_Usage]:
    """Yield each answer that an operation describes itself."""
    for collection, operation in _operations(document):
        for status, answer in operation["responses"].items():
            if "$ref" not in answer:
                yield operation["responses"], status, collection


def _bodies(document: Schema) -> Iterator[_Usage]:
    for collection, operation in _operations(document):
        if "requestBody" in operation:
            yield operation, "requestBody", collection


def _parameters(document: Schema) -> Iterator[_Usage]:
    for collection, operation in _operations(document):
        for place in range(len(operation.get("parameters", ()))):
            yield operation["parameters"], place, collection


def _shared(uses: Iterator[_Usage], kind: str, name_of: Any) -> Schema:
    """Replace uses that are alike by references. Return the components, by name.

    The most frequent use has the plain name. A further use of that name gets a suffix: the first of its
    collections that makes the name unique. It stays where it is if no collection does.
    """
    alike: defaultdict[str, list[_Usage]] = defaultdict(list)
    for use in uses:
        alike[json.dumps(use[0][use[1]], sort_keys=True)].append(use)
    shared: Schema = {}
    for same in sorted(alike.values(), key=len, reverse=True):
        if len(same) == 1:
            break
        holder, key, _ = same[0]
        content = holder[key]
        plain = name_of(key, content)
        names = (plain, *(f"{plain}Of{_camel(collection)}" for _, _, collection in same))
        name = next((name for name in names if name not in shared), None)
        if name is not None:
            shared[name] = content
            for its_holder, its_key, _ in same:
                its_holder[its_key] = {"$ref": f"#/components/{kind}/{name}"}
    return dict(sorted(shared.items()))


def _response_name(status: str, response: Schema) -> str:
    """Return the component's name: that of its schema, with the phrase of any status but 200; without a
    schema of its own, the phrase of its status.
    """
    phrase = "".join(word.capitalize() for word in HTTPStatus(int(status)).phrase.split())
    contents = response.get("content", {})
    schema = contents.get("application/json", {}).get("schema", {})
    if "$ref" not in schema:
        return phrase
    name = str(schema["$ref"].rpartition("/")[2])
    return name if status == "200" else f"{name}{phrase}"


def _body_name(_: str, body: Schema) -> str:
    schemas = [content["schema"] for content in body["content"].values()]
    return str(schemas[0].get("$ref", "/Bytes").rpartition("/")[2])


def _parameter_name(_: int, parameter: Schema) -> str:
    return _camel(parameter["name"])


def _camel(name: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in name.replace("-", "_").split("_"))
