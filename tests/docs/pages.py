"""Pages of documentation whose commands are run: what they show, and whether the demo answers like it."""

from __future__ import annotations

import asyncio
import json
import re
from itertools import takewhile
from pathlib import Path
from typing import Any

from app.platform.settings import PROJECT
from tests.docs.conftest import Demo

BLOCK = re.compile(r"^```(sh|text|json)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
#: What stands in the environment already.
ADDRESS = re.compile(r"^export (?:API=\S+(?: |(?=\n)))?(?:[A-Z_]+=ldk_…(?: |(?=\n)))*\n", re.MULTILINE)
#: Where the demo of `make run` is.
ORIGIN = "http://127.0.0.1:8000"
CUT = "…"
MARK = "-- block"
MOST_NAMED = 5
#: Members that say what came of it: they are as shown, whatever the figures are on that day.
OUTCOMES = frozenset({"status", "code", "verdict", "state", "met", "same"})
#: A cell that is a code, as states and verdicts are.
CODE = re.compile(r"[a-z][a-z_]*")
#: The code of a refusal that a command has printed.
REFUSAL = re.compile(r'^\{"type":"/problems/(\w+)"', re.MULTILINE)
#: Only against a hanging command: all of a page take a few seconds.
SECONDS = 600
Shown = tuple[str, tuple[str, str] | None]


def page(name: str) -> str:
    """The text of a page in docs, or of README.md."""
    path = PROJECT / name if name == "README.md" else PROJECT / "docs" / name
    return path.read_text(encoding="utf-8")


def blocks(text: str) -> list[Shown]:
    """Each block of commands, with the language and text of what is shown after it, if anything is."""
    found = BLOCK.findall(text)
    pairs = zip(found, [*found[1:], ("sh", "")][: len(found)], strict=True)
    return [(text, after if after[0] != "sh" else None) for (kind, text), after in pairs if kind == "sh"]


async def run(shown: list[Shown], folder: Path, demo: Demo) -> list[str]:
    """Run all commands in one shell; return what each block has printed."""
    commands = [ADDRESS.sub("", text).replace(ORIGIN, demo.address) for text, _ in shown]
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
    """Where the answer is not what is shown: what came of it as it is (OUTCOMES), how many rows there are,
    which members, and what kind of value each has. Null has no form: of fewer months there are no limits.
    """
    if shown == CUT:
        return []
    if place.rpartition("/")[2] in OUTCOMES:
        return [] if shown == real else [f"{place} is {real!r}, not {shown!r}"]
    if shown is None or real is None:
        return []
    if isinstance(shown, dict) and isinstance(real, dict):
        return _unlike_members(shown, real, place)
    if isinstance(shown, list) and isinstance(real, list):
        return _unlike_rows(shown, real, place)
    kinds = {type(one) if not isinstance(one, int | float) else float for one in (shown, real)}
    return [] if len(kinds) == 1 else [f"{place} is {real!r}, not like {shown!r}"]


def _unlike_members(shown: dict[str, Any], real: dict[str, Any], place: str) -> list[str]:
    missing = [f"{place}/{name} is not there" for name in shown if name not in real and name != CUT]
    both = shown.keys() & real.keys()
    return missing + [fault for name in both for fault in unlike(shown[name], real[name], f"{place}/{name}")]


def _unlike_rows(shown: list[Any], real: list[Any], place: str) -> list[str]:
    rows = list(takewhile(lambda row: row != CUT, shown))
    if len(real) < len(rows) or (CUT not in shown and len(real) != len(rows)):
        return [f"{place} has {len(real)} rows, not {len(rows)}"]
    pairs = enumerate(zip(rows, real, strict=False))
    return [fault for n, (one, other) in pairs for fault in unlike(one, other, f"{place}/{n}")]


def read(shown: str) -> Any:
    """What is shown as JSON, with `…` for whatever else is there."""
    whole = re.sub(rf"{CUT}(?=\s*\}})", f'"{CUT}": 0', shown)
    return json.loads(re.sub(rf"(?<!\"){CUT}(?=\s*[\],])", f'"{CUT}"', whole))


def cells(line: str) -> list[str]:
    """What stands in each column of a line: a code as it is, and of all else what kind of thing it is."""
    return [
        cell
        if CODE.fullmatch(cell)
        else "number"
        if re.fullmatch(r"-?[\d.]+", cell)
        else CUT
        if cell == CUT
        else "text"
        for cell in line.split("\t")
    ]


def fits(shown: str, line: str) -> bool:
    """Whether the line is what is shown: the codes in it, and as many columns of the same kinds."""
    if shown.startswith("ledgerdesk_"):
        return gauge(shown) == gauge(line)
    one, other = cells(shown), cells(line)
    return len(one) == len(other) and all(a in (b, CUT) for a, b in zip(one, other, strict=True))


def gauge(line: str) -> str:
    """The name of a gauge of Prometheus."""
    return re.split(r"[{ ]", line)[0]


def check(shown: list[Shown], printed: list[str]) -> None:
    """Compare what was printed with what is shown."""
    for (command, expected), text in zip(shown, printed, strict=True):
        refused = [code for code in REFUSAL.findall(text) if expected is None or code not in expected[1]]
        assert refused == [], f"{command}: {text[-1000:]}"
        if expected is None:
            continue
        kind, said = expected
        lines = [line for line in text.splitlines() if line]
        assert lines, command
        if kind == "json":
            (answer,) = lines
            assert (faults := unlike(read(said), json.loads(answer))) == [], (
                f"{command}: {faults} in {answer}"
            )
        else:
            wanted, met = said.splitlines(), lines[:MOST_NAMED]
            for line in wanted:
                assert line == CUT or any(fits(line, one) for one in lines), (
                    f"{command} has no {line!r}: {met}"
                )
            assert CUT in wanted or len(wanted) == len(lines), f"{command} has {len(lines)} lines: {met}"
