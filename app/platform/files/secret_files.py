"""Copies of the files of secrets, which are kept apart from the backups of the database."""

from __future__ import annotations

import shutil
from pathlib import Path

from app.platform.backups import PARTIAL, BackupRefused, sync


def refuse_together(folder: Path, backups: Path) -> None:
    """Raise BackupRefused if the folder for secrets is where the backups are."""
    place, place_of_backups = folder.resolve(), backups.resolve()
    if place == place_of_backups or place in place_of_backups.parents or place_of_backups in place.parents:
        raise BackupRefused(
            f"{folder} and {backups} are the same folder, or one contains the other. Keep secrets apart "
            "from backups: anyone who has both can read all names and texts, even those of erased persons."
        )


def copy_secrets(secrets_dir: Path, folder: Path) -> list[str]:
    """Copy the files of secrets into another folder, over an earlier copy, and return their names. Raises
    BackupRefused without any.
    """
    files = sorted(path for path in secrets_dir.glob("*") if path.is_file())
    if not files:
        raise BackupRefused(f"There are no secrets in {secrets_dir}.")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.chmod(0o700)
    for path in files:
        new = folder / f"{PARTIAL}{path.name}"
        new.touch(0o600)
        shutil.copyfile(path, new)
        new.replace(folder / path.name)
    sync(folder)
    return [path.name for path in files]
