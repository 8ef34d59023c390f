"""A release's command line, exit codes, settings, mapping files, KPIs and migrations are held to it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from app.cli.upkeep import contract
from app.cli.upkeep.promised import promises
from app.contract import declared
from app.contract.promises import of_promises, without_texts
from app.contract.schemas import UNDECLARABLE_RULES, BreakingChange
from app.kernel.actions import describe
from app.main import build_app
from app.platform.settings import PROJECT
from tests.contract.promised import ADDED, OF_PROMISES, promised
from tests.extent import in_test_all


@pytest.mark.parametrize(("rule", "place", "new"), OF_PROMISES)
def test_what_breaks_a_promise_is_found_and_nothing_else(rule: str, place: str, new: dict[str, Any]) -> None:
    breaks = of_promises(promised(), new)
    assert [(broken.rule, broken.place) for broken in breaks] == [(rule, place)]
    assert declared.sentence(next(iter(breaks)), []).startswith(place)


@pytest.mark.parametrize(("addition", "new"), ADDED)
def test_what_is_added_breaks_nobody(addition: str, new: dict[str, Any]) -> None:
    assert of_promises(promised(), new) == {}


def test_the_real_promises_name_what_people_use() -> None:
    present = promises()
    assert of_promises(present, present) == {}
    assert "--mapping" in present["commands"]["import csv"]["properties"]
    assert present["exit_codes"]["no_database"] == 3
    assert present["settings"]["properties"]["LEDGERDESK_PORT"]["default"] == 8000
    assert "case" in present["mapping_files"]["import"]["properties"]
    assert present["kpis"]["incident_resolution_seconds"] == {"unit": "seconds", "direction": "down"}
    assert {"1001_baseline.py", "1041/attention.sql"} <= present["migrations"].keys()


def test_fields_that_are_called_as_words_stay() -> None:
    words = {"description": "Why.", "examples": [1], "x-label": {"en": "Why"}}
    schema = {"properties": {"description": {**words, "type": "string"}, "example": {"type": "string"}}}
    kept = {"properties": {"description": {"type": "string"}, "example": {"type": "string"}}}
    assert without_texts({**words, **schema}) == kept


@in_test_all
def test_an_edited_migration_is_refused_and_cannot_be_declared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contract, "RELEASED", tmp_path)
    monkeypatch.setattr(contract, "DECLARED", tmp_path / "declared_changes.toml")
    monkeypatch.setattr(contract, "_operations", lambda: {"info": {"version": "0.1.0"}, "paths": {}})
    contract.release()
    assert contract.unexcused() == []
    file = tmp_path / contract.PROMISES
    released = json.loads(file.read_text("utf-8"))
    released["migrations"]["1001_baseline.py"] = "0" * 64
    file.write_text(json.dumps(released), "utf-8")
    assert contract.unexcused() == [
        "Breaks clients: migration/1001_baseline.py was edited after its release: restore it, and write a "
        "new migration: rule migration_changed."
    ]
    for rule in UNDECLARABLE_RULES:
        entry = declared.entry(BreakingChange("migration/1001_baseline.py", rule)).replace('""', '"9.0.0"')
        with pytest.raises(declared.BadDeclaration, match="never changed"):
            declared.read(entry)


def test_a_release_is_made_only_of_a_version_that_is_frozen_as_it_is_now(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = build_app().version
    document = {"info": {"version": version}, "paths": {}}
    monkeypatch.setattr(contract, "RELEASED", tmp_path)
    # What is promised otherwise takes seconds to make.
    monkeypatch.setattr(describe, "catalogue", lambda _: {"types": {}, "rows": {}})
    monkeypatch.setattr(contract, "promises", promised)
    monkeypatch.setattr(contract, "_operations", lambda: document)
    refusal = contract.not_frozen()
    assert refusal == f"{version} is not frozen. Run make freeze and commit the result."
    contract.release()
    assert contract.not_frozen() is None
    changed = {**document, "paths": {"/v1/new": {}}}
    monkeypatch.setattr(contract, "_operations", lambda: changed)
    assert "has changed since" in str(contract.not_frozen())
    monkeypatch.setattr(contract, "_operations", lambda: {"info": {"version": "0.0.9"}, "paths": {}})
    contract.RELEASED.joinpath(contract.OPERATIONS).write_text('{"info": {"version": "0.0.9"}}', "utf-8")
    assert contract.not_frozen() == refusal


def test_the_program_of_a_release_asks_first_whether_its_version_is_frozen() -> None:
    script = (PROJECT / "deploy" / "release.sh").read_text("utf-8")
    assert 0 < script.index("contract --frozen") < script.index("rm -rf dist")
