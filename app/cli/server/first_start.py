"""Progress messages of a first start while it makes the demo organisation."""

from __future__ import annotations

import sys
from types import TracebackType

from rich.progress import Progress

from app.cli.output import progress_bar

TENTHS = 10


class FirstStart:
    """Say on standard error which step is done, and how far it is: by a bar on a terminal, and else in a
    line for each tenth.
    """

    def __init__(self) -> None:
        self._bar: Progress | None = None
        self._step = ""
        self._tenth = 0

    def __enter__(self) -> FirstStart:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end_bar()

    def start_step(self, step: str) -> None:
        """Say which step is done from now on."""
        self._end_bar()  # A terminal shows one bar at a time, and a step may show its own.
        self._step, self._tenth = step, 0
        self._write_line(f"{step} …")

    def advance(self, done: int, total: int) -> None:
        """Say how much of the step is done."""
        if self._bar is None:
            self._bar = progress_bar()
            self._bar.add_task("", total=total)
            self._bar.start()
        self._bar.update(self._bar.task_ids[0], completed=done)
        tenth = done * TENTHS // total
        if self._bar.disable and tenth > self._tenth:
            self._tenth = tenth
            self._write_line(f"{self._step}: {tenth * 100 // TENTHS} %")

    def _end_bar(self) -> None:
        if self._bar is not None:
            self._bar.stop()
        self._bar = None

    def _write_line(self, line: str) -> None:
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()
