"""docs/ops.md is true: its commands are run one after the other, and answer in the form that it shows."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import pytest

from app.settings import PROJECT
from tests.docs.conftest import Demo

PAGE = (PROJECT / "docs" / "ops.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(sh|text|json)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CUT = "…"
MARK = "-- block"
SECONDS = 120


def blocks() -> list[tuple[str, tuple[str, str] | None]]:
    """Each block of commands, with the language and text of what is shown after it, if anything is."""
    found = BLOCK.findall(PAGE)
    pairs = zip(found, [*found[1:], ("sh", "")], strict=True)
    return [(text, after if after[0] != "sh" else None) for (kind, text), after in pairs if kind == "sh"]


async def run(folder: Path, demo: Demo) -> list[str]:
    """Run all commands in one shell; return what each block has printed."""
    commands = [text.replace("export API=http://127.0.0.1:8000 KEY=ldk_…\n", "") for text, _ in blocks()]
    script = "\n".join(["set -euo pipefail", *(f"{text}\necho; echo '{MARK}'" for text in commands)])
    shell = await asyncio.create_subprocess_exec(
        *("bash", "-c", script),
        cwd=folder,
        env=demo.environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, errors = await asyncio.wait_for(shell.communicate(), SECONDS)
    assert shell.returncode == 0, f"{errors.decode()} behind {out.decode()[-2000:]}"
    return out.decode().split(f"{MARK}\n")[:-1]


def unlike(shown: Any, real: Any, place: str = "") -> list[str]:
    """Where the answer is not of the form that is shown: members, and what kind of value each has. Null has
    no form: of fewer months there are no limits.
    """
    if shown is None or real is None:
        return []
    if isinstance(shown, dict):
        if not isinstance(real, dict):
            return [f"{place} is {real!r}"]
        missing = [f"{place}/{name} is not there" for name in shown if name not in real and name != CUT]
        return missing + [
            fault
            for name in shown.keys() & real.keys()
            for fault in unlike(shown[name], real[name], f"{place}/{name}")
        ]
    if isinstance(shown, list):
        if not isinstance(real, list):
            return [f"{place} is {real!r}"]
        first = [one for one in shown if one != CUT][:1]
        return [fault for one in first for other in real[:1] for fault in unlike(one, other, f"{place}/0")]
    kinds = {type(one) if not isinstance(one, int | float) else float for one in (shown, real)}
    return [] if len(kinds) == 1 else [f"{place} is {real!r}, not like {shown!r}"]


def read(shown: str) -> Any:
    """What is shown as JSON, with `…` for whatever else is there."""
    whole = re.sub(rf"{CUT}(?=\s*\}})", f'"{CUT}": 0', shown)
    return json.loads(re.sub(rf"(?<!\"){CUT}(?=\s*[\],])", f'"{CUT}"', whole))


def columns(line: str) -> list[str]:
    """What kind of thing stands in each column of a line."""
    return ["number" if re.fullmatch(r"-?[\d.]+", cell) else "text" for cell in line.split("\t")]


def gauge(line: str) -> str:
    """The name of a gauge of Prometheus."""
    return re.split(r"[{ ]", line)[0]


async def test_every_command_of_the_page_answers_as_it_shows(demo: Demo, tmp_path: Path) -> None:
    printed = await run(tmp_path, demo)
    shown = blocks()
    assert len(printed) == len(shown) > 10
    for (command, expected), text in zip(shown, printed, strict=True):
        if expected is None:
            continue
        kind, said = expected
        lines = [line for line in text.splitlines() if line]
        assert lines, command
        if kind == "json":
            (answer,) = lines
            assert unlike(read(said), json.loads(answer)) == [], command
        else:
            for line in said.splitlines():
                # As many columns with the same kinds of values, or a gauge of that name.
                name = gauge(line) if line.startswith("ledgerdesk_") else None
                fits = (name == gauge(one) if name else columns(line) == columns(one) for one in lines)
                assert line == CUT or any(fits), f"{command} has no {line!r}: {lines[:5]}"
    assert (tmp_path / "chart.svg").read_bytes().startswith(b"<svg")


@pytest.mark.parametrize(
    ("shown", "fault"),
    [
        ('{"cases": 3, …}', []),
        ('{"kases": 3, …}', ["/kases is not there"]),
        ('{"cases": "3", …}', ["/cases is 3, not like '3'"]),
        ('{"parts": [{"cases": 3, …}, …], …}', []),
        ('{"parts": [{"value": 3, …}, …], …}', ["/parts/0/value is not there"]),
    ],
)
def test_an_answer_of_another_form_is_found(shown: str, fault: list[str]) -> None:
    assert unlike(read(shown), {"cases": 3, "key": "csat", "parts": [{"cases": 1}, {}]}) == fault


def test_the_page_names_every_alert() -> None:
    rules = (PROJECT / "deploy" / "prometheus" / "ledgerdesk.rules.yml").read_text(encoding="utf-8")
    alerts = re.findall(r"alert: Ledgerdesk(\w+)", rules)
    named = {name.removeprefix("Ledgerdesk") for name in re.findall(r"`(?:…|Ledgerdesk)(\w+)`", PAGE)}
    assert set(alerts) <= named
