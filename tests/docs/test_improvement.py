"""docs/improvement.md is true: its commands are run one after the other, and answer in the form it shows."""

from __future__ import annotations

from pathlib import Path

from tests.docs.conftest import Demo
from tests.docs.pages import BEGINNING, blocks, check, page, run
from tests.extent import in_test_all

PAGE = page("improvement.md")


@in_test_all
async def test_every_command_of_the_page_answers_as_it_shows(demo: Demo, tmp_path: Path) -> None:
    examples = [BEGINNING, *blocks(PAGE)]
    printed = await run(examples, tmp_path, demo)
    assert len(printed) == len(examples) > 10
    check(examples, printed)
    assert b"</html>" in (tmp_path / "proposal.html").read_bytes()
