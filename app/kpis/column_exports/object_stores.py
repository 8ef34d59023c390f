"""Exports of facts to object storage, by the address that fsspec knows: s3://bucket/folder and others.

An object store renames nothing: the manifest is written last, and what it does not name is no export.
"""

from __future__ import annotations

import asyncio
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any

from app.kpis.column_exports.exporting import PREFIX, FactsExportRefused, export_facts
from app.kpis.columns import manifest as manifests
from app.kpis.columns.manifest import ExportDamaged, Manifest


def is_address(place: str) -> bool:
    """Return whether the place is an address, and not a folder of this machine."""
    return "://" in place


async def export_to_store(url: str, address: str, now: datetime) -> Manifest:
    """Export all facts to the address; all exports but the newest and the one before are removed there.

    The export is made in a temporary folder first. Raises FactsExportRefused, DatabaseGone.
    """
    store, root = await asyncio.to_thread(_opened, address)
    with tempfile.TemporaryDirectory(prefix="ledgerdesk-") as temporary:
        folder = Path(temporary)
        manifest = await export_facts(url, folder, now, noted=False)
        try:
            await asyncio.to_thread(_send, store, root, folder, manifest)
        except Exception as error:  # each kind of store has its own
            raise FactsExportRefused(f"{address} cannot be written: {error}") from error
    return manifest


def _opened(address: str) -> tuple[Any, str]:
    """Return the store, and the folder within it."""
    try:
        import fsspec  # noqa: PLC0415  # an extra

        store, root = fsspec.core.url_to_fs(address)
    except ImportError as error:
        raise FactsExportRefused(
            f"{error}. Install fsspec, and the package that fsspec needs for such addresses."
        ) from error
    except ValueError as error:
        raise FactsExportRefused(f"{address}: {error}") from error
    return store, root.rstrip("/")


def _send(store: Any, root: str, folder: Path, manifest: Manifest) -> None:
    before = _manifest_before(store, root)
    for name in manifest.files:
        target = f"{root}/{manifest.folder}/{name}"
        store.makedirs(target.rpartition("/")[0], exist_ok=True)
        store.put_file(str(folder / manifest.folder / name), target)
    store.pipe_file(f"{root}/{manifests.NAME}", manifest.model_dump_json(indent=1).encode())
    kept_folders = {manifest.folder, before}
    for entry in store.ls(root, detail=False):
        name = str(entry).rstrip("/").rpartition("/")[2]
        if name.startswith(PREFIX) and name not in kept_folders:
            store.rm(entry, recursive=True)


def _manifest_before(store: Any, root: str) -> str | None:
    try:
        return manifests.parse(store.cat_file(f"{root}/{manifests.NAME}")).folder
    except (FileNotFoundError, ExportDamaged):
        return None
