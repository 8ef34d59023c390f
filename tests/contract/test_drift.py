"""What is generated is as the code says, and what clients rely on is as it was."""

from __future__ import annotations

from difflib import unified_diff
from pathlib import Path

import pytest

from app.cli.contract import generated
from app.settings import PROJECT
from tests.contract import golden


def differences(path: Path, text: str) -> str:
    """What would change in the file."""
    kept = path.read_text(encoding="utf-8") if path.exists() else ""
    name = str(path.relative_to(PROJECT))
    return "\n".join(unified_diff(kept.splitlines(), text.splitlines(), name, "as the code says", "", "", 0))


@pytest.mark.parametrize(("path", "text"), list(generated()), ids=lambda value: getattr(value, "name", ""))
def test_what_is_generated_is_as_the_code_says(path: Path, text: str) -> None:
    assert differences(path, text) == "", "run `make contract` and look at what it changes"


@pytest.mark.parametrize("path", list(golden.files()), ids=lambda path: path.name)
def test_what_clients_rely_on_is_as_it_was(path: Path) -> None:
    assert differences(path, golden.files()[path]) == "", "if it is meant: python -m tests.contract.golden"


def test_no_page_of_a_lifecycle_is_left_over() -> None:
    pages = {path for path, _ in generated()}
    assert set((PROJECT / "docs" / "lifecycles").glob("*.md")) <= pages
    assert set((PROJECT / "openapi").glob("*.json")) <= pages
