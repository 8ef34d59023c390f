"""The kernel knows no process: what a single one has, it declares itself."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator

from app.common.records import ForeignRef, Record
from app.kernel.actions.actor_policy import Relation
from app.registry import LIFECYCLES
from tests.tidy.source import Source, application, fail_for

#: The rooms whose packages are processes, each with records of its own.
PROCESSES = ("app.processes.", "app.meetings.", "app.service_levels.")
#: Relations of the kernel that one process alone asks for as yet, with the reason why they are general.
GENERAL = {Relation.planner: "every ticket has somebody who drafted it"}


def _package(record_class: type[Record]) -> str:
    return record_class.__module__.rpartition(".")[0]


def _person_fields() -> Iterator[tuple[str, str]]:
    """Return the fields that name persons, each with the package of its record."""
    for lifecycle in LIFECYCLES:
        for record_class in (lifecycle.record, *lifecycle.children):
            for name, declared in record_class.model_fields.items():
                marks = [mark for mark in declared.metadata if isinstance(mark, ForeignRef)]
                if any(mark.kind == "person" for mark in marks):
                    yield name, _package(record_class)


def _kernel() -> list[Source]:
    return [source for source in application() if source.name.startswith("app/kernel/")]


def _names(source: Source) -> set[str]:
    """Return the names that the file's code uses as text or as attributes."""
    return {*source.constants(), *(node.attr for node in source.nodes(ast.Attribute))}


def test_the_kernel_names_no_field_that_holds_the_person_of_one_process() -> None:
    packages = defaultdict(set)
    for name, package in _person_fields():
        packages[name].add(package)
    single = {
        name
        for name, where in packages.items()
        if len(where) == 1 and next(iter(where)).startswith(PROCESSES)
    }
    assert {"project_manager_id", "party_representative_id"} <= single
    places = {f"{source.name}: {name}" for source in _kernel() for name in _names(source) & single}
    fail_for(places, "A process declares the relation that the field stands for (`process_relation`).")


def test_the_kernel_names_no_field_of_the_priority() -> None:
    places = {f"{s.name}: {name}" for s in _kernel() for name in _names(s) & {"impact", "urgency"}}
    fail_for(places, "What follows from a payload is the lifecycle's own (`Derivation`).")


def test_each_relation_of_the_kernel_is_one_to_the_records_of_several_processes() -> None:
    packages = defaultdict(set)
    for lifecycle in LIFECYCLES:
        for row in lifecycle.rows:
            for relation in row.policy.relations:
                packages[relation].add(_package(lifecycle.record))
    single = {
        relation.value
        for relation in Relation
        if len(packages[relation]) == 1 and next(iter(packages[relation])).startswith(PROCESSES)
    }
    fail_for(single - {relation.value for relation in GENERAL}, "One process has it: let it declare it.")
    assert {relation.value for relation in GENERAL} <= single, "several have it by now"
