"""The command line: one file per command.

Commands start an embedded database by themselves, or join one that runs. What a command needs is loaded when
it is called.
"""

from __future__ import annotations

from app.cli.loading import uncollected


def main() -> None:
    """Runs the command that this process was called with; see `app.cli.commands`."""
    with uncollected():
        from app.cli import commands  # noqa: PLC0415  # as `uncollected` says

    commands.run()
