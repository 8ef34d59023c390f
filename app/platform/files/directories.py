"""The directories of an installation. Light: commands that only read a file there load no database driver."""

from __future__ import annotations

from pathlib import Path

from app.platform.embedded import default_data_dir
from app.platform.settings import PROJECT, Settings


def data_directory(settings: Settings) -> Path:
    """Return the directory of the installation's data, whether it exists or not."""
    return settings.data_dir or default_data_dir(PROJECT)


def secrets_directory(settings: Settings) -> Path:
    """Return the directory of the installation's secrets, whether it exists or not."""
    return settings.secrets_dir or data_directory(settings) / "secrets"
