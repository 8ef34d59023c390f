"""The command line: one file per command.

Commands start an embedded database by themselves, or join one that runs. What a command needs is loaded when
it is called.
"""

from __future__ import annotations

from app.cli.loading import gc_paused


def main() -> None:
    """Runs the command that this process was called with; see `app.cli.commands`."""
    with gc_paused():
        from app.cli import commands  # noqa: PLC0415  # as `gc_paused` says

    commands.run()
