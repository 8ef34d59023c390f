"""The command line: one module per command.

Commands start an embedded database by themselves, or join a running one. A command's modules are loaded when
it is called.
"""

from __future__ import annotations

from app.cli.server.loading import gc_paused


def main() -> None:
    """Run the command that this process was called with; see `app.cli.commands`."""
    with gc_paused():
        from app.cli import commands  # noqa: PLC0415  # see `gc_paused`

    commands.run()
