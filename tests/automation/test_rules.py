"""Every rule is found by the name that the log has of it."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from app import automation as rules
from app.automation import watch_clocks
from app.worker import RULES, TIMED_RULES

#: Clocks have no actions, so what watches them is neither a rule of events nor one of timers.
ALONE = {watch_clocks.NAME}
NAMES = {rule.name for rule in (*RULES, *TIMED_RULES)} | ALONE


def test_a_rules_name_in_the_log_is_that_of_its_file_and_the_worker_runs_all_of_them() -> None:
    (folder,) = rules.__path__
    files = {path.stem for path in Path(folder).glob("*.py")} - {"__init__"}
    assert sorted(NAMES) == sorted(files)
    for name in files - ALONE:
        assert import_module(f"app.automation.{name}").RULE.name == name


def test_every_rule_is_explained_where_people_look() -> None:
    page = (Path(__file__).parents[2] / "docs" / "rules.md").read_text(encoding="utf-8")
    assert [name for name in NAMES if f"(../app/automation/{name}.py)" not in page] == []
