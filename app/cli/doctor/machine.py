"""Examinations of this machine: programs, disk, files of secrets, settings of proxies, backups."""

from __future__ import annotations

import os
import shutil
import stat
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from importlib.metadata import version
from ipaddress import ip_address, ip_network
from pathlib import Path
from urllib.parse import urlsplit

from app.api.service.own_disk import OwnDisk
from app.cli.doctor.findings import CheckOutcome, InstallationSetup, failure, success, warning
from app.kernel.access.vault import MASTER_KEY_FILE, VaultError, existing_master_key
from app.platform.backups import list_backups, read_restored_at
from app.platform.installation import DATABASE
from app.platform.settings import Settings

PYTHONS = ((3, 11), (3, 14))
#: A tenth of a disk, or so much of it, is room enough for a week of an organisation's work.
LEAST_ROOM, LEAST_PART = 2 * 1024**3, 0.1
#: A nightly backup may be an hour late, and a rehearsal is due twice a year.
BACKUP_LATE, BACKUP_MISSED = timedelta(hours=30), timedelta(days=7)
REHEARSED = timedelta(days=183)
LOCAL_HOSTS = ("127.0.0.1", "::1", "localhost")


def examine_machine(setup: InstallationSetup, now: datetime) -> Iterator[CheckOutcome]:
    """Examine what needs no database."""
    yield _python()
    yield _disk(setup)
    yield from _secrets(setup.secrets_dir)
    yield from _proxies(setup.settings)
    yield from _backups(setup.settings.backup_dir, now)


def _python() -> CheckOutcome:
    words = {"program": version("ledgerdesk"), "python": ".".join(map(str, sys.version_info[:3]))}
    if not PYTHONS[0] <= sys.version_info[:2] <= PYTHONS[1]:
        return failure("program_python", **words)
    return success("program_ok", **words)


def _disk(setup: InstallationSetup) -> CheckOutcome:
    if setup.data_dir is None:
        return success("disk_elsewhere")
    folder = next(place for place in (setup.data_dir, *setup.data_dir.parents) if place.exists())
    usage = shutil.disk_usage(folder)
    words = {"folder": folder, "free": f"{usage.free / 1024**3:.1f}", "part": usage.free * 100 // usage.total}
    if OwnDisk(folder).is_full:
        return failure("disk_full", **words)
    if usage.free < LEAST_ROOM or usage.free < usage.total * LEAST_PART:
        return warning("disk_low", **words)
    return success("disk_ok", **words)


def _secrets(folder: Path) -> Iterator[CheckOutcome]:
    """Examine the folder of secrets: the key is there, and only this user can read it."""
    try:
        files = sorted(path for path in folder.iterdir() if path.is_file())
        if existing_master_key(folder) is None:
            yield failure("secrets_key", folder=folder, file=MASTER_KEY_FILE)
            return
    except FileNotFoundError:
        yield failure("secrets_key", folder=folder, file=MASTER_KEY_FILE)
        return
    except OSError as error:
        yield failure("secrets_unreadable", folder=folder, why=error.strerror)
        return
    except VaultError as error:
        yield failure("secrets_unreadable", folder=folder, why=error)
        return
    is_well = True
    for path in (folder, *files):
        status = path.stat()
        words = {"file": path, "mode": f"{stat.S_IMODE(status.st_mode):03o}", "owner": status.st_uid}
        if status.st_mode & 0o077 and path.name == MASTER_KEY_FILE:
            yield failure("secrets_open", **words)
        elif status.st_mode & (0o022 if path == folder else 0o077):
            yield warning("secrets_open", **words)
        elif status.st_uid not in (os.geteuid(), 0):
            yield warning("secrets_owner", **words)
        else:
            continue
        is_well = False
    if is_well:
        yield success("secrets_ok", folder=folder, files=len(files))


def _proxies(settings: Settings) -> Iterator[CheckOutcome]:
    """Examine which proxies are trusted about clients, and the address that people use."""
    networks = [ip_network(part.strip()) for part in settings.proxies.split(",") if part.strip()]
    open_networks = [network for network in networks if network.prefixlen == 0]
    address = urlsplit(settings.public_url or "")
    is_alone = address.hostname in LOCAL_HOSTS
    if open_networks:
        yield failure("proxies_everybody", networks=", ".join(map(str, open_networks)))
    if settings.public_url is None and settings.smtp_host is not None:
        yield warning("proxies_nolinks")
    elif address.scheme == "http" and not is_alone:
        yield warning("proxies_clear", address=settings.public_url)
    elif address.scheme == "https" and not _is_loopback(settings.host) and not _names_others(settings):
        yield warning("proxies_unnamed", host=settings.host, proxies=settings.proxies)
    elif not open_networks:
        yield success("proxies_ok", proxies=settings.proxies or "–", address=settings.public_url or "–")


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _names_others(settings: Settings) -> bool:
    """Say whether a proxy on another machine is named."""
    parts = [part.strip() for part in settings.proxies.split(",") if part.strip()]
    return any(not ip_network(part).is_loopback for part in parts)


def _backups(folder: Path | None, now: datetime) -> Iterator[CheckOutcome]:
    if folder is None:
        yield warning("backups_unknown")
        return
    try:
        backups, restored_at = list_backups(folder), read_restored_at(folder)
    except (OSError, ValueError, TypeError) as error:
        yield failure("backups_unreadable", folder=folder, why=error)
        return
    if not backups:
        yield failure("backups_none", folder=folder)
        return
    age = now - backups[-1].finished_at
    words = {
        "folder": folder,
        "number": len(backups),
        "newest": f"{backups[-1].finished_at:%Y-%m-%d %H:%M}",
        "oldest": f"{backups[0].finished_at:%Y-%m-%d %H:%M}",
    }
    if age > BACKUP_LATE:
        yield (failure if age > BACKUP_MISSED else warning)("backups_old", **words)
    else:
        yield success("backups_ok", **words)
    if restored_at is None or now - restored_at > REHEARSED:
        yield warning("backups_unrehearsed", folder=folder, database=DATABASE)
    else:
        yield success("backups_rehearsed", at=f"{restored_at:%Y-%m-%d}")
