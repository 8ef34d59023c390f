"""All pages of docs, and the README, are true: their commands are run and come to what they show."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from app.platform.settings import PROJECT
from tests.cases import each_case
from tests.docs.conftest import Demo
from tests.docs.pages import BEGINNING, FIRST_PAGE, PROJECT_PAGE, blocks, check, page, read, run, unlike
from tests.extent import WHOLE

#: With tests of their own, which look at more.
TESTED = {"improvement.md", "ops.md"}
#: What blocks begin with that are not run here: the installation's own commands, and tools of others.
NOT_RUN = (
    *("make ", "ledgerdesk ", ".venv/bin/ledgerdesk ", "export LEDGERDESK_OWNER_URL=", "rm -r "),
    *("npx ", "mkdir -p ../portal", "python3 -m venv "),
)
ALL = [*sorted(path.name for path in (PROJECT / "docs").glob("*.md")), PROJECT_PAGE]


def run_blocks(name: str) -> list[tuple[str, tuple[str, str] | None]]:
    """The blocks of that page that are run."""
    return [block for block in blocks(page(name)) if not block[0].startswith(NOT_RUN)]


PAGES = [name for name in ALL if run_blocks(name) and name not in TESTED]
#: The pages that everybody begins with; `make test-all` tries every page.
FIRST_PAGES = [PROJECT_PAGE, FIRST_PAGE]


@each_case("name", PAGES if WHOLE else FIRST_PAGES, ids=str)
async def test_the_commands_of_each_page_come_to_what_it_shows(demo: Demo, tmp_path: Path, name: str) -> None:
    folder = tmp_path / name.replace("/", "-")
    folder.mkdir()
    examples = run_blocks(name)
    if name not in (FIRST_PAGE, PROJECT_PAGE):
        examples = [BEGINNING, *examples]
    printed = await run(examples, folder, demo)
    assert len(printed) == len(examples)
    check(examples, printed)
    shutil.rmtree(folder)


def test_the_pages_that_are_tried_are_those_with_commands() -> None:
    assert {"changes.md", "agreements.md", PROJECT_PAGE} <= set(PAGES)


@pytest.mark.parametrize(
    ("example", "fault"),
    [
        ('{"status": 409, …}', ["/status is 403, not 409"]),
        ('{"state": "new", …}', ["/state is 'closed', not 'new'"]),
        ('{"rows": [{"verdict": "improved"}, …]}', ["/rows/0/verdict is 'worse', not 'improved'"]),
        ('{"rows": [{}, {}]}', ["/rows has 1 rows, not 2"]),
        ('{"rows": [{}, {}, …]}', ["/rows has 1 rows, not 2"]),
        ('{"rows": [{}]}', []),
        ('{"rows": [{}, …]}', []),
    ],
)
def test_another_outcome_and_another_number_of_rows_are_found(example: str, fault: list[str]) -> None:
    real = {"status": 403, "state": "closed", "rows": [{"verdict": "worse"}]}
    assert unlike(read(example), real) == fault
