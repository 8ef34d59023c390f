"""`ledgerdesk effect-cases`: worked cases of a file, and where the statistics differ from them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cases import each_case
from tests.cli.conftest import Run
from tests.extent import in_test_all

# US trade deficits of 1987 by month, the first example of Wheeler's Understanding Variation (1993).
DEFICITS = [10.7, 13.0, 11.4, 11.5, 12.5, 14.1, 14.8, 14.1, 12.6, 16.0, 11.7, 10.6]
SHARE = {
    "id": 1,
    "title": "Newcombe's first",
    "kind": "share",
    "better": "more",
    "before": {"numerator": 48, "denominator": 80},
    "after": {"numerator": 56, "denominator": 70},
    "expected": {"effect": 0.2, "verdict": "improved"},
}
CHART = {
    "id": 2,
    "title": "Trade deficits",
    "kind": "xmr",
    "values": DEFICITS,
    "expected": {"centre": 12.75, "mean_moving_range": 18.3 / 11, "outside": []},
}


def write(path: Path, *cases: object) -> str:
    file = path / "cases.json"
    file.write_text(json.dumps({"cases": cases}), encoding="utf-8")
    return str(file)


@in_test_all
def test_it_prints_what_each_case_expects_and_what_is_computed(run: Run, tmp_path: Path) -> None:
    ended = run("effect-cases", write(tmp_path, SHARE, CHART))
    assert ended.returncode == 0, ended.stdout
    lines = ended.stdout.splitlines()
    assert '    verdict: expected "improved", computed "improved"' in lines
    assert "    outside: expected [], computed []" in lines
    assert lines[-1] == "2 of 2 cases agree."


@in_test_all
def test_one_that_differs_is_marked_and_ends_in_exit_code_one(run: Run, tmp_path: Path) -> None:
    wrong = {**SHARE, "expected": {"effect": 0.2 * (1 + 2e-6), "verdict": "worsened"}}
    ended = run("effect-cases", write(tmp_path, wrong, CHART), "--json")
    assert ended.returncode == 1
    document = json.loads(ended.stdout)
    assert document["differing"] == 1
    assert [value["agrees"] for value in document["cases"][0]["values"].values()] == [False, False]


def test_the_given_file_agrees(run: Run, real_data: Path) -> None:
    file = real_data / "effect_cases.json"
    if not file.exists():
        pytest.skip("needs real data: there is no effect_cases.json")
    ended = run("effect-cases", str(file))
    number = len(json.loads(file.read_text(encoding="utf-8"))["cases"])
    assert (ended.returncode, ended.stdout.splitlines()[-1]) == (0, f"{number} of {number} cases agree.")


@each_case(
    ("case", "sentence"),
    [
        ({**SHARE, "kind": "guess"}, "case 1: the kind 'guess' is none of share, duration, rate, xmr"),
        ({**SHARE, "better": "up"}, "case 1: better must be less or more, not 'up'"),
        ({**SHARE, "before": {"numerator": 9}}, "case 1: 'denominator' is missing"),
        ({**SHARE, "before": {"numerator": 9, "denominator": 8}}, "case 1: 9 of 8 is not a share"),
        ({**SHARE, "before": {"numerator": -1, "denominator": 8}}, "at least 0, not -1"),
        ({**SHARE, "expected": {"guess": 1}}, "case 1: the value 'guess' is unknown"),
        ({**CHART, "values": [1, "2"]}, "case 2: '2' is not a number"),
        ({**CHART, "values": []}, "case 2: values must be a list of at least 2 numbers"),
    ],
)
@in_test_all
def test_a_case_that_cannot_be_computed_says_why(
    case: object, sentence: str, run: Run, tmp_path: Path
) -> None:
    ended = run("effect-cases", write(tmp_path, case))
    assert ended.returncode == 1
    assert sentence in ended.stdout
    assert "Traceback" not in ended.stderr


def test_a_file_of_another_kind_is_refused(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "cases.json"
    file.write_text("[]", encoding="utf-8")
    ended = run("effect-cases", str(file))
    assert ended.returncode == 4
    assert "is not a file of effect cases: it has no list of cases" in ended.stderr
