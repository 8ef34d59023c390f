"""Take out the tests that `make test` does not run (selection.py), and say how many there were."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.platform.settings import PROJECT
from tests.extent import WHOLE, in_test_all
from tests.selection import ListedTest, left_out

TESTS = PROJECT / "tests"
#: Under this name a worker of xdist tells how many tests it left out.
NUMBER = "tests_left_out"


class LeftOut:
    """Takes the tests out of the list, where each is listed, and counts them, where results are shown."""

    def __init__(self) -> None:
        self._number = 0

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Take them out. In a file that is named, tests of `make test-all` are skipped with their reason."""
        if WHOLE:
            return
        named = _named_files(config)
        usual = [item for item in items if _path(item) in named or not _runs_in_test_all(item)]
        leaves_out = left_out([_listed(item) for item in usual], named)
        chosen = [item for item, is_left_out in zip(usual, leaves_out, strict=True) if not is_left_out]
        self._number = len(items) - len(chosen)
        items[:] = chosen

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Tell the process that shows the results."""
        if hasattr(session.config, "workeroutput"):
            session.config.workeroutput[NUMBER] = self._number

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: pytest.Item) -> None:
        """Every worker leaves out the same tests."""
        self._number = getattr(node, "workeroutput", {}).get(NUMBER, self._number)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Show their number."""
        if self._number:
            terminalreporter.line(f"{self._number} tests were left out: they run in make test-all.")


def _named_files(config: pytest.Config) -> set[str]:
    """The files that the command line names, also those of which it names a test."""
    folder = config.invocation_params.dir
    paths = [(folder / argument.partition("::")[0]).resolve() for argument in config.args]
    return {path.relative_to(TESTS).as_posix() for path in paths if path.is_file() and TESTS in path.parents}


def _path(item: pytest.Item) -> str:
    return Path(item.path).relative_to(TESTS).as_posix()


def _listed(item: pytest.Item) -> ListedTest:
    callspec = getattr(item, "callspec", None)
    cases = set() if callspec is None else callspec.params.keys() - {"server"}
    function = getattr(item, "originalname", item.name)
    return ListedTest(_path(item), function, bool(cases), "server" in getattr(item, "fixturenames", ()))


def _runs_in_test_all(item: pytest.Item) -> bool:
    return any(mark == in_test_all.mark for mark in item.iter_markers("skipif"))
