"""Files that nobody edits: those of other projects, samples in the form of other tools, and releases.

`vendored.toml` lists them with their hashes. After an update, `python -m tests.tidy.held_files FOLDER` lists
that folder's files with their hashes as they are now; a reviewer sees them change.
"""

from __future__ import annotations

import os
import re
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from app.platform.settings import PROJECT

MANIFEST = "vendored.toml"
#: Folders of what is installed, built or kept by a tool, anywhere in the project.
NOT_OURS_TO_READ = frozenset(
    {".git", ".venv", ".ledgerdesk", "node_modules", "build", "dist", "__pycache__", ".hypothesis"}
    | {".mypy_cache", ".pytest_cache", ".ruff_cache", ".import_linter_cache"}
)
#: Names that files of others have: fonts, icons, minified files, licences.
NAMES = re.compile(
    r"\.(woff2?|ttf|otf|eot|ico|map)$|[.-]min\.(js|css|mjs)$|(^|\.)(licen[sc]e|copying|notice)(\.(txt|md))?$",
    re.IGNORECASE,
)
#: A banner with which a minified or copied script or stylesheet begins its licence.
BANNER = re.compile(
    r"@license|SPDX-License-Identifier|^/\*!|\bcopyright \(?(c\)?|\d)", re.IGNORECASE | re.MULTILINE
)
BROWSER_CODE = frozenset({".js", ".mjs", ".css"})
#: Longer lines than people write.
LONGEST_LINE = 2_000
#: Files of our own with such a name.
OURS = frozenset({"NOTICE"})
HASH_LINE = re.compile(r'^"[^"]+" = "[0-9a-f]{64}"\n?', re.MULTILINE)


@dataclass(frozen=True)
class Held:
    """A group of files: what it is, its version, source and licence, and the hash of each path.

    A folder that is not shared holds no other files.
    """

    name: str
    version: str
    source: str
    licence: str
    folder: str
    notice: str | None
    is_shared: bool
    hashes: dict[str, str]


def held() -> list[Held]:
    """Return the groups of the manifest, with paths within the project."""
    groups = tomllib.loads((PROJECT / MANIFEST).read_text(encoding="utf-8"))["held"]
    return [
        Held(
            **{key: group[key] for key in ("name", "version", "source", "licence", "folder")},
            notice=group.get("notice"),
            is_shared=group.get("shared", False),
            hashes={_path(group["folder"], name): digest for name, digest in group["files"].items()},
        )
        for group in groups
    ]


def _path(folder: str, name: str) -> str:
    return name if folder == "." else f"{folder}/{name}"


def hash_of(path: str) -> str | None:
    """Return the SHA-256 of the file, None if it is missing."""
    file = PROJECT / path
    return sha256(file.read_bytes()).hexdigest() if file.is_file() else None


def project_files() -> Iterator[str]:
    """Yield the path of every file of the project."""
    for folder, folders, names in os.walk(PROJECT):
        folders[:] = sorted(set(folders) - NOT_OURS_TO_READ)
        yield from (Path(folder, name).relative_to(PROJECT).as_posix() for name in sorted(names))


def looks_foreign(path: str) -> bool:
    """Return whether the name or the content of the file is like those of other projects."""
    if path in OURS:
        return False
    if NAMES.search(path.rpartition("/")[2]):
        return True
    if Path(path).suffix not in BROWSER_CODE:
        return False
    text = (PROJECT / path).read_text(encoding="utf-8")
    return BANNER.search(text) is not None or max(map(len, text.splitlines()), default=0) > LONGEST_LINE


def notice_paragraph(group: Held) -> str:
    """Return the paragraph of NOTICE about the group."""
    assert group.notice is not None
    return (
        f"{group.name} {group.version} ({group.source}), {group.licence}\n    {group.folder}: {group.notice}"
    )


def write_hashes(folder: str) -> None:
    """Write the hashes of the folder's files as they are now into the manifest: of those listed there, and of
    new ones in a folder that holds no other files.
    """
    manifest = PROJECT / MANIFEST
    parts = re.split(r"(?m)^(?=\[\[held\]\]$)", manifest.read_text(encoding="utf-8"))
    written = parts[:1]
    for group, part in zip(held(), parts[1:], strict=True):
        written.append(_with_hashes(group, part) if group.folder == folder else part)
    manifest.write_text("".join(written), encoding="utf-8")


def _with_hashes(group: Held, part: str) -> str:
    prefix = "" if group.folder == "." else f"{group.folder}/"
    paths = set(group.hashes)
    if not group.is_shared:
        paths |= {path for path in project_files() if path.startswith(prefix)}
    lines = [f'"{path.removeprefix(prefix)}" = "{hash_of(path) or "missing"}"\n' for path in sorted(paths)]
    before, first, rest = part.partition("[held.files]\n")
    return f"{before}{first}" + "".join(lines) + HASH_LINE.sub("", rest)


if __name__ == "__main__":
    for argument in sys.argv[1:]:
        write_hashes(argument)
