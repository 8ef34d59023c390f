"""Words within functions, class names, and how full the rooms are.

Each limit only falls: whoever gets below one lowers it, and at zero the rule stands without a limit.
"""

from __future__ import annotations

import ast
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import PurePath
from typing import Any

import grimp
import pytest

from app.common.records import ALTERED, Record, codecs
from app.kernel.access.descriptions import description_of
from app.platform.settings import PROJECT
from app.registry import LIFECYCLES
from tests.tidy.source import Source, sources

#: A variable, parameter or attribute of this name says nothing of what it holds: a noun does.
VAGUE_VARIABLES = frozenset(
    """
    asked at beside found given gone kept known made nobody of one others said seen shown somebody something
    taken there thing things told wanted way ways what who whole whom
    """.split()  # noqa: SIM905  # as a list of literals it would be thirty lines
)
#: How many bindings of such names there are, by folder.
VAGUE_BINDINGS = {"app": 49, "tests": 227}
#: How many modules a folder holds at most.
MODULES_A_FOLDER = 15
#: How many fields the widest record has.
WIDEST_RECORD = 60

#: A description that begins so is a question, and leaves open what the field holds.
QUESTION = re.compile(
    r"(?:(?:About|As|At|By|For|From|In|Of|On|Since|To|Under|Until|With) )?"
    r"(?:what|who|whom|whose|how|whether|when|where|why|which)\b",
    re.IGNORECASE,
)
#: Words of a description that add nothing to any name, and those that the last part of a name implies.
GRAMMAR = frozenset(
    """
    a an at be been by for from has have in is it its of on or that the their this to was were which with
    """.split()  # noqa: SIM905  # as a list of literals it would be thirty lines
)
IMPLIED = {"at": "time", "by": "person", "count": "number", "id": "identifier", "ids": "identifiers"}


def _bindings(source: Source) -> Iterator[tuple[str, int]]:
    """Return the names of variables, parameters and attributes that the file sets, with their lines."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield (node.id if isinstance(node, ast.Name) else node.attr), node.lineno
        elif isinstance(node, ast.arg):
            yield node.arg, node.lineno
        elif isinstance(node, ast.ExceptHandler) and node.name is not None:
            yield node.name, node.lineno


def _within(limit: int, places: list[str], advice: str) -> None:
    """Fail if there are more places than the limit."""
    __tracebackhide__ = True
    listed = "\n".join(sorted(places)[-40:])
    if len(places) > limit:
        pytest.fail(f"{listed}\n{len(places)} instead of at most {limit}. {advice}", pytrace=False)


@pytest.mark.parametrize("folder", VAGUE_BINDINGS)
def test_variables_are_nouns(folder: str) -> None:
    vague = [
        f"{source.name}:{line} {name}"
        for source in sources(folder)
        for name, line in _bindings(source)
        if name.strip("_") in VAGUE_VARIABLES
    ]
    _within(
        VAGUE_BINDINGS[folder], vague, "Call it by the noun of what it holds: `rows`, `payload`, `signal`."
    )


def test_a_class_name_means_one_thing() -> None:
    places = defaultdict[str, list[str]](list)
    for source in sources("app"):
        for node in source.tree.body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places[node.name].append(f"{node.name} {source.name}:{node.lineno}")
    shared = [place for same in places.values() if len(same) > 1 for place in same[1:]]
    _within(0, shared, "Another class has this name: say of what it is one.")


def _circles() -> list[set[str]]:
    """Return the sets of modules of which each imports the others, by way of others too (Tarjan)."""
    graph = grimp.build_graph("app", cache_dir=None)
    imports = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    order: dict[str, int] = {}
    lowest: dict[str, int] = {}
    stack: list[str] = []
    circles: list[set[str]] = []
    for root in sorted(imports):
        walk = [(root, iter(sorted(imports[root])))] if root not in order else []
        while walk:
            module, targets = walk[-1]
            if module not in order:
                order[module] = lowest[module] = len(order)
                stack.append(module)
            following = next(targets, None)
            if following is None:
                walk.pop()
                if walk:
                    lowest[walk[-1][0]] = min(lowest[walk[-1][0]], lowest[module])
                if lowest[module] == order[module]:
                    start = stack.index(module)
                    circles.append(set(stack[start:]))
                    del stack[start:]
            elif following not in order:
                walk.append((following, iter(sorted(imports[following]))))
            elif following in stack:
                lowest[module] = min(lowest[module], order[following])
    return [circle for circle in circles if len(circle) > 1]


def test_modules_import_one_another_in_no_circle() -> None:
    circles = [
        f"{module} ({', '.join(sorted(circle - {module}))})" for circle in _circles() for module in circle
    ]
    advice = "Records, payloads, preparation, checks, lifecycle: each imports those before it, for types too."
    _within(0, circles, advice)


def test_a_folder_holds_a_dozen_modules() -> None:
    modules = Counter(
        str(PurePath(source.name).parent)
        for source in sources("app")
        if not source.name.endswith("__init__.py")
    )
    full = [f"{folder}: {number}" for folder, number in modules.items() if number > MODULES_A_FOLDER]
    _within(0, full, "Make rooms in it: packages by what belongs together.")


def test_no_record_is_wider_than_people_can_read() -> None:
    widths = {
        record.__name__: len(record.model_fields.keys() - {ALTERED})
        for lifecycle in LIFECYCLES
        for record in (lifecycle.record, *lifecycle.children)
    }
    wide = [f"{name}: {width} fields" for name, width in widths.items() if width > WIDEST_RECORD]
    _within(0, wide, "Give it child records, each with fields that are set together.")


def _described(node: Any, place: str = "") -> Iterator[tuple[str, str]]:
    """Return the places and descriptions of the schemas' fields and of the parameters within the node."""
    if isinstance(node, list):
        for entry in node:
            yield from _described(entry, place)
    elif isinstance(node, dict):
        fields = node.get("properties", {})
        described = {name: field.get("description") for name, field in fields.items()}
        if "in" in node:
            described[node["name"]] = node.get("description")
        yield from ((f"{place}.{name}", text) for name, text in described.items() if isinstance(text, str))
        for name, entry in node.items():
            yield from _described(entry, f"{place}/{name}")


def test_descriptions_of_fields_begin_with_nouns() -> None:
    contract = json.loads((PROJECT / "openapi" / "openapi.json").read_text())
    questions = [f"{place}: {text}" for place, text in _described(contract) if QUESTION.match(text)]
    _within(0, questions, "Say what it holds: `The person who`, `Time of`, `True if`, `Number of`.")


def test_fields_that_clients_see_are_described() -> None:
    records: list[type[Record]] = [
        record for lifecycle in LIFECYCLES for record in (lifecycle.record, *lifecycle.children)
    ]
    silent = [
        f"{record.__name__}.{name}"
        for record in records
        for name, codec in codecs(record).items()
        if name != "record" and not codec.hidden and description_of(record, name) is None
    ]
    _within(0, silent, "Describe it by `required(…)` or `optional(…)`, or for all records in `SHARED`.")


def _contract_fields() -> Iterator[tuple[str, str, str | None]]:
    """Yield the schema, the name and the description of each field of the contract. A field without one of
    its own has that of its type.
    """
    schemas = json.loads((PROJECT / "openapi" / "openapi.json").read_text())["components"]["schemas"]
    for schema, described in schemas.items():
        for name, field in described.get("properties", {}).items():
            own_type = schemas.get(field.get("$ref", "").rpartition("/")[2], {})
            yield schema, name, field.get("description", own_type.get("description"))


def test_fields_of_the_contract_are_described() -> None:
    silent = [f"{schema}.{name}" for schema, name, text in _contract_fields() if text is None]
    _within(0, silent, "Describe it by `Field(description=…)`, or for all answers in `IN_ANSWERS`.")


def _repeats(name: str, text: str) -> bool:
    """Return whether the description has only words of the field's name, by their first four letters."""
    parts = name.lower().split("_")
    stems = {word[:4] for word in (*parts, IMPLIED.get(parts[-1], parts[-1]))}
    return all(word[:4] in stems for word in re.findall("[a-z]+", text.lower()) if word not in GRAMMAR)


def test_a_description_adds_something_to_the_name_of_its_field() -> None:
    repeated = [
        f"{schema}.{name}: {text}"
        for schema, name, text in _contract_fields()
        if text is not None and _repeats(name, text)
    ]
    _within(0, repeated, "Name the thing that has the field, its unit or range, or the meaning of null.")
