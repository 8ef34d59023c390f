"""Kinds of failures that users can foresee. The message of such a failure is a whole sentence for the user.

Each kind has an exit code (app.cli.endings), so the command line need not import the modules whose exceptions
a command never raises. This module imports nothing: any module can declare an exception of these kinds.
"""

from __future__ import annotations


class Failure(Exception):
    """A failure whose message has the reason and the remedy."""


class WrongUse(Failure):
    """A setting, an option or the installation has to be changed first."""


class DatabaseUnavailable(Failure):
    """The database cannot be reached, or does not serve."""


class OperationRefused(Failure):
    """The operation cannot be carried out on these files or this data."""


class LogDiffers(Failure):
    """The log is not as it was sealed."""


class ServiceUnreachable(Failure):
    """Another service does not answer."""
