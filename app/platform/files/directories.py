"""The directories of an installation. Light: commands that only read a file there load no database driver."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from app.platform.embedded import ROOT_HOME
from app.platform.settings import PROJECT, Settings


def data_directory(settings: Settings) -> Path:
    """Return the directory of the installation's data, whether it exists or not."""
    return settings.data_dir or default_data_dir(PROJECT)


def secrets_directory(settings: Settings) -> Path:
    """Return the directory of the installation's secrets, whether it exists or not."""
    return settings.secrets_dir or data_directory(settings) / "secrets"


def default_data_dir(project: Path) -> Path:
    """Return the default data directory of the program at `project`. Root's databases lie where PostgreSQL's
    user may go; two copies of a checkout never share a directory. Installed as a package, the data lie in the
    user's data folder (XDG Base Directory): a newer package takes the place of the older with all in it.
    """
    is_checkout = (project / "pyproject.toml").is_file()
    if os.geteuid() != 0:
        home = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
        return project / ".ledgerdesk" if is_checkout else home / "ledgerdesk"
    if not is_checkout:
        return ROOT_HOME / "data"
    project = project.resolve()
    return ROOT_HOME / f"{project.name}-{hashlib.sha256(os.fsencode(project)).hexdigest()[:8]}"
