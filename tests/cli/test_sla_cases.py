"""`ledgerdesk sla-cases`: worked cases of a file, and where the engine differs from them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cases import each_case
from tests.cli.conftest import Run
from tests.extent import in_test_all

WORKED = Path(__file__).parents[1] / "service_level_engine" / "worked_cases.json"


def test_it_prints_what_each_case_expects_and_what_is_computed(run: Run) -> None:
    ended = run("sla-cases", str(WORKED))
    assert ended.returncode == 0, ended.stdout
    number = len(json.loads(WORKED.read_text(encoding="utf-8"))["cases"])
    lines = ended.stdout.splitlines()
    assert lines[-1] == f"{number} of {number} cases agree."
    assert sum(line.startswith("agrees  ") for line in lines) == number
    assert "    elapsed_seconds: expected 12600, computed 12600" in lines
    assert '    state: expected "running", computed "running"' in lines


def test_one_that_differs_is_marked_and_ends_in_exit_code_one(run: Run, tmp_path: Path) -> None:
    said = json.loads(WORKED.read_text(encoding="utf-8"))
    said["cases"] = said["cases"][:3]
    said["cases"][1]["expected"]["elapsed_seconds"] += 1
    del said["cases"][2]["asked_at"]
    file = tmp_path / "cases.json"
    file.write_text(json.dumps(said), encoding="utf-8")
    ended = run("sla-cases", str(file))
    assert ended.returncode == 1
    assert "  ≠ elapsed_seconds: expected 16201, computed 16200" in ended.stdout.splitlines()
    assert "  ≠ case 3: 'asked_at' is missing" in ended.stdout.splitlines()
    assert ended.stdout.splitlines()[-1] == "1 of 3 cases agree."
    document = json.loads(run("sla-cases", str(file), "--json").stdout)
    assert document["differing"] == 2
    assert [case["agrees"] for case in document["cases"]] == [True, False, False]


@in_test_all
def test_the_given_files_agree(run: Run, real_data: Path) -> None:
    for name, count in (("sla_cases.json", "30 of 30"), ("sla_more_cases.json", "14 of 14")):
        if not (real_data / name).exists():
            pytest.skip(f"needs real data: there is no {name}")
        ended = run("sla-cases", str(real_data / name))
        assert (ended.returncode, ended.stdout.splitlines()[-1]) == (0, f"{count} cases agree.")


@each_case(
    ("text", "sentence"),
    [
        (None, "cannot be read: No such file or directory"),
        ("cases: none", "is not JSON"),
        ("[]", "is not a file of SLA cases: it has no list of cases"),
        ('{"cases": [{"expected": {}}]}', "is not a file of SLA cases: it has no calendars"),
        ('{"cases": [{"id": 1}], "calendars": {}}', "case 1 has no expected values"),
    ],
)
def test_a_file_of_another_kind_is_refused_with_what_is_missing(
    text: str | None, sentence: str, run: Run, tmp_path: Path
) -> None:
    file = tmp_path / "cases.json"
    file.unlink(missing_ok=True)
    if text is not None:
        file.write_text(text, encoding="utf-8")
    ended = run("sla-cases", str(file))
    assert ended.returncode == 4
    assert sentence in ended.stderr
    assert ended.stdout == ""
