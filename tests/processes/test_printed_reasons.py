"""A bound of the process documents is undercut only with a reason that a paper of the record prints."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import app
from app.common.records import Record
from app.common.state_fields import PrintedReason
from app.registry import LIFECYCLES

AREAS = ("processes", "governance")


def _marked(record: type[Record]) -> set[str]:
    return {
        name
        for name, field in record.model_fields.items()
        if any(isinstance(mark, PrintedReason) for mark in field.metadata)
    }


def _reasons() -> list[tuple[str, str]]:
    """The process and the field of each reason."""
    return sorted(
        {
            (lifecycle.plural, name)
            for lifecycle in LIFECYCLES
            for record in (lifecycle.record, *lifecycle.children)
            for name in _marked(record)
        }
    )


def _printed(path: Path) -> set[str]:
    """The fields that the module reads, and the names that it lists."""
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    read = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    return read | {str(node.value) for node in nodes if isinstance(node, ast.Constant)}


def _is_of_papers(path: Path) -> bool:
    """Whether the module prints papers, or files their texts."""
    is_page = path.parent.name == "documents" or "print" in path.name or "_page" in path.name
    return is_page or "file_document(" in path.read_text(encoding="utf-8")


@pytest.mark.parametrize(("process", "field"), _reasons())
def test_a_reason_for_undercutting_a_bound_is_on_a_paper(process: str, field: str) -> None:
    folders = [path for area in AREAS for path in (Path(app.__file__).parent / area).glob(process)]
    papers = [path for folder in folders for path in folder.rglob("*.py") if _is_of_papers(path)]
    assert field in set().union(*map(_printed, papers)), f"no paper of {process} reads {field}"


def test_the_reasons_are_marked() -> None:
    assert len(_reasons()) >= 11
