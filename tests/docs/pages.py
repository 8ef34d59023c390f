"""Pages of documentation whose commands are run: what they show, and whether the demo answers like it."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path
from typing import Any

from app.settings import PROJECT
from tests.docs.conftest import Demo

BLOCK = re.compile(r"^```(sh|text|json)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CUT = "…"
MARK = "-- block"
#: Only against a hanging command: all of a page take a few seconds.
SECONDS = 600
Shown = tuple[str, tuple[str, str] | None]


def page(name: str) -> str:
    """The text of a page in docs."""
    return (PROJECT / "docs" / name).read_text(encoding="utf-8")


def blocks(text: str) -> list[Shown]:
    """Each block of commands, with the language and text of what is shown after it, if anything is."""
    found = BLOCK.findall(text)
    pairs = zip(found, [*found[1:], ("sh", "")], strict=True)
    return [(text, after if after[0] != "sh" else None) for (kind, text), after in pairs if kind == "sh"]


async def run(shown: list[Shown], folder: Path, demo: Demo) -> list[str]:
    """Run all commands in one shell; return what each block has printed."""
    commands = [text.replace("export API=http://127.0.0.1:8000 KEY=ldk_…\n", "") for text, _ in shown]
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


def check(shown: list[Shown], printed: list[str]) -> None:
    """Compare what was printed with what is shown."""
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
