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
#: What makes the environment, which is there already.
ENVIRONMENT = re.compile(r'^(?:export PATH=.*|eval "\$\(\S*ledgerdesk demo --keys\)")\n', re.MULTILINE)
#: Where the demo of `make run` is.
ORIGIN = "http://127.0.0.1:8000"
#: The README of the project, beside that of docs.
PROJECT_PAGE = "../README.md"
#: Where `desk` and its like are defined, for all pages but that of the project.
FIRST_PAGE = "README.md"
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
    """The text of a page in docs, or of the project's own (PROJECT_PAGE)."""
    return (PROJECT / "docs" / name).read_text(encoding="utf-8")


def blocks(text: str) -> list[Shown]:
    """Each block of commands, with the language and text of what is shown after it, if anything is."""
    found_blocks = BLOCK.findall(text)
    pairs = zip(found_blocks, [*found_blocks[1:], ("sh", "")][: len(found_blocks)], strict=True)
    return [(text, after if after[0] != "sh" else None) for (kind, text), after in pairs if kind == "sh"]


#: The block that defines them.
BEGINNING = blocks(page(FIRST_PAGE))[0]


async def run(examples: list[Shown], folder: Path, demo: Demo) -> list[str]:
    """Run all commands in one shell; return what each block has printed."""
    commands = [ENVIRONMENT.sub("", text).replace(ORIGIN, demo.address) for text, _ in examples]
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


def unlike(example: Any, real: Any, place: str = "") -> list[str]:
    """Where the answer is not what is shown: what came of it as it is (OUTCOMES), how many rows there are,
    which members, and what kind of value each has. Null has no form: of fewer months there are no limits.
    """
    if example == CUT:
        return []
    if place.rpartition("/")[2] in OUTCOMES:
        return [] if example == real else [f"{place} is {real!r}, not {example!r}"]
    if example is None or real is None:
        return []
    if isinstance(example, dict) and isinstance(real, dict):
        return _unlike_members(example, real, place)
    if isinstance(example, list) and isinstance(real, list):
        return _unlike_rows(example, real, place)
    kinds = {type(value) if not isinstance(value, int | float) else float for value in (example, real)}
    return [] if len(kinds) == 1 else [f"{place} is {real!r}, not like {example!r}"]


def _unlike_members(example: dict[str, Any], real: dict[str, Any], place: str) -> list[str]:
    missing = [f"{place}/{name} is not there" for name in example if name not in real and name != CUT]
    both = example.keys() & real.keys()
    return missing + [
        fault for name in both for fault in unlike(example[name], real[name], f"{place}/{name}")
    ]


def _unlike_rows(example: list[Any], real: list[Any], place: str) -> list[str]:
    rows = list(takewhile(lambda row: row != CUT, example))
    if len(real) < len(rows) or (CUT not in example and len(real) != len(rows)):
        return [f"{place} has {len(real)} rows, not {len(rows)}"]
    pairs = enumerate(zip(rows, real, strict=False))
    return [fault for n, (expected, actual) in pairs for fault in unlike(expected, actual, f"{place}/{n}")]


def read(example: str) -> Any:
    """What is shown as JSON, with `…` for whatever else is there."""
    quoted = re.sub(rf"{CUT}(?=\s*\}})", f'"{CUT}": 0', example)
    return json.loads(re.sub(rf"(?<!\"){CUT}(?=\s*[\],])", f'"{CUT}"', quoted))


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


def fits(example: str, line: str) -> bool:
    """Whether the line is what is shown: the codes in it, and as many columns of the same kinds."""
    if example.startswith("ledgerdesk_"):
        return gauge(example) == gauge(line)
    expected, actual = cells(example), cells(line)
    return len(expected) == len(actual) and all(a in (b, CUT) for a, b in zip(expected, actual, strict=True))


def gauge(line: str) -> str:
    """The name of a gauge of Prometheus."""
    return re.split(r"[{ ]", line)[0]


def check(examples: list[Shown], printed: list[str]) -> None:
    """Compare what was printed with what is shown."""
    for (command, expected), text in zip(examples, printed, strict=True):
        refused = [code for code in REFUSAL.findall(text) if expected is None or code not in expected[1]]
        assert refused == [], f"{command}: {text[-1000:]}"
        if expected is None:
            continue
        kind, output = expected
        lines = [line for line in text.splitlines() if line]
        assert lines, command
        if kind == "json":
            (answer,) = lines
            assert (faults := unlike(read(output), json.loads(answer))) == [], (
                f"{command}: {faults} in {answer}"
            )
        else:
            expected_lines, met = output.splitlines(), lines[:MOST_NAMED]
            for line in expected_lines:
                assert line == CUT or any(fits(line, printed_line) for printed_line in lines), (
                    f"{command} has no {line!r}: {met}"
                )
            assert CUT in expected_lines or len(expected_lines) == len(lines), (
                f"{command} has {len(lines)} lines: {met}"
            )
