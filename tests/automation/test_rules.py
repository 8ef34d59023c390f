"""Every rule is found by the name that the log has of it."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

from app import automation as rules
from app.attention.alerts import raise_attention_alerts
from app.automation.agreements import watch_clocks
from app.automation.changes import stop_outgrown_templates
from app.automation.governance import open_audits, open_scorecards, watch_risk_indicators
from app.automation.incidents_and_problems import open_quiet_alerts
from app.common.people import rule_caller
from app.common.records import empty
from app.kernel.consumers.timers import TimedRule
from app.log.ids import uuid7
from app.meetings.records import Meeting
from app.processes.changes.records import Change
from app.registry import LIFECYCLES
from app.worker import RULES, TIMED_RULES
from tests.fixtures import UNCHANGED

#: Clocks have no actions, alerts of quiet windows stand beside the log, a month or a quarter is over by
#: itself, indicators are judged when figures are, and what needs attention is read every two minutes: none is
#: a rule of events or of timers.
ALONE = {
    *(watch_clocks.NAME, open_audits.NAME, open_scorecards.NAME, watch_risk_indicators.NAME),
    stop_outgrown_templates.NAME,
    *(raise_attention_alerts.NAME, open_quiet_alerts.NAME),
}
NAMES = {rule.name for rule in (*RULES, *TIMED_RULES)} | ALONE


#: The rooms of the rules that are a file each.
FILES = {
    path.stem: path.parent.name for path in Path(rules.__path__[0]).glob("*/*.py") if path.stem != "__init__"
}
#: Rules that stand on more than the others may.
ELSEWHERE = {raise_attention_alerts.NAME}
#: The rules that are one line of a row each.
IN_ROWS = {
    due.rule for lifecycle in LIFECYCLES for row in lifecycle.rows if (due := row.reach.due) is not None
}


def test_a_rules_name_in_the_log_is_that_of_its_file_or_row_and_the_worker_runs_all_of_them() -> None:
    assert sorted(NAMES) == sorted(FILES.keys() | IN_ROWS | ELSEWHERE)
    assert not FILES.keys() & IN_ROWS
    for name in FILES.keys() - ALONE:
        assert import_module(f"app.automation.{FILES[name]}.{name}").RULE.name == name


def test_every_rule_is_explained_where_people_look() -> None:
    page = (Path(__file__).parents[2] / "docs" / "rules.md").read_text(encoding="utf-8")
    assert [
        name
        for name in NAMES - IN_ROWS - ELSEWHERE
        if f"(../app/automation/{FILES[name]}/{name}.py)" not in page
    ] == []
    assert [name for name in IN_ROWS | ELSEWHERE if f"[`{name}`](../app/" not in page] == []


def test_an_action_that_is_due_is_a_rules_to_perform_and_needs_no_payload() -> None:
    due = {
        (lifecycle, row) for lifecycle in LIFECYCLES for row in lifecycle.rows if row.reach.due is not None
    }
    assert due
    for lifecycle, row in due:
        assert row.reach.due is not None
        assert row.policy.allows(rule_caller(row.reach.due.rule), empty(lifecycle.record, uuid7())), row.name
        assert row.body().model_dump(exclude_unset=True) == {}


def test_a_flag_is_due_at_the_time_that_its_row_names() -> None:
    (rule,) = (timed for timed in TIMED_RULES if timed.name == "flag_overdue_reviews")
    assert isinstance(rule, TimedRule)
    change = empty(Change, uuid7())
    assert rule.due(change, UNCHANGED) is None
    change.review_due_at = datetime(2026, 5, 4, tzinfo=UTC)
    assert rule.due(change, UNCHANGED) == change.review_due_at
    change.review_overdue_at = change.review_due_at
    assert rule.due(change, UNCHANGED) is None


def test_an_action_may_be_due_some_time_after_the_field_of_its_row() -> None:
    (rule,) = (timed for timed in TIMED_RULES if timed.name == "flag_overdue_meetings")
    assert isinstance(rule, TimedRule)
    meeting = empty(Meeting, uuid7())
    meeting.ends_at = datetime(2026, 5, 4, tzinfo=UTC)
    assert rule.due(meeting, UNCHANGED) == datetime(2026, 5, 5, tzinfo=UTC)
