"""Files of other projects, samples in the form of other tools and releases stay as they are."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from app.platform.settings import PROJECT
from tests.tidy import held_files
from tests.tidy.held_files import MANIFEST, hash_of, held, looks_foreign, notice_paragraph, project_files
from tests.tidy.source import fail_for


def test_held_files_are_as_they_were_published() -> None:
    changed = [
        f"{path} is missing" if (digest_now := hash_of(path)) is None else f"{path} is changed: {digest_now}"
        for group in held()
        for path, digest in group.hashes.items()
        if hash_of(path) != digest
    ]
    fail_for(changed, f"Restore each file as it was published; {MANIFEST} says where, and how to update one.")


def test_every_file_of_another_project_is_listed() -> None:
    listed = {path for group in held() for path in group.hashes}
    # A folder that a group has to itself holds nothing else.
    own_folders = tuple(f"{group.folder}/" for group in held() if not group.is_shared)
    unlisted = [
        path
        for path in project_files()
        if path not in listed and (path.startswith(own_folders) or looks_foreign(path))
    ]
    fail_for(unlisted, f"List each with its version, source, licence and hash in {MANIFEST}.")


def test_notice_names_every_project_whose_files_are_here() -> None:
    notice = (PROJECT / "NOTICE").read_text(encoding="utf-8")
    paragraphs = [notice_paragraph(group) for group in held() if group.notice is not None]
    assert len(paragraphs) > 1
    fail_for((text for text in paragraphs if f"\n\n{text}\n" not in notice), "Put this into NOTICE.")


def test_renames_can_leave_out_what_is_held() -> None:
    if not (PROJECT / ".git").exists():
        pytest.skip("needs git: this is no checkout")
    ended = subprocess.run(
        ["git", "ls-files", ":(attr:held)"], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    assert set(ended.stdout.splitlines()) == {path for group in held() for path in group.hashes}


@pytest.mark.parametrize(
    ("name", "content", "is_foreign"),
    [
        ("icons.woff2", "", True),
        ("favicon.ico", "", True),
        ("lib.min.js", "", True),
        ("chart.LICENSE", "", True),
        ("COPYING", "", True),
        ("chart.js", "/*! Chart 4 | MIT */\n", True),
        ("chart.css", f"a{{}}{'b{}' * 1_000}", True),
        ("desk.js", "// A page of our own.\nconst one = 1;\n", False),
        ("licences.py", "", False),
        ("copying.py", "", False),
        ("notices.html", "", False),
    ],
)
def test_a_file_of_another_project_is_known_by_its_name_or_content(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, content: str, is_foreign: bool
) -> None:
    monkeypatch.setattr(held_files, "PROJECT", tmp_path)
    (tmp_path / name).write_text(content, encoding="utf-8")
    assert looks_foreign(name) is is_foreign


def test_a_changed_letter_is_named_and_an_update_writes_its_hash(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    group = '[[held]]\nname = "x"\nversion = "1"\nsource = "y"\nlicence = "z"\nfolder = "lib"\n'
    (tmp_path / MANIFEST).write_text(f'{group}[held.files]\n"a.js" = "{"0" * 64}"\n', encoding="utf-8")
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "a.js").write_text("Object.seal(a)", encoding="utf-8")
    monkeypatch.setattr(held_files, "PROJECT", tmp_path)
    held_files.write_hashes("lib")
    (read,) = held()
    assert read.hashes == {"lib/a.js": hash_of("lib/a.js")}
    (tmp_path / "lib" / "a.js").write_text("Object.sealt(a)", encoding="utf-8")
    with pytest.raises(pytest.fail.Exception, match=r"lib/a\.js is changed"):
        test_held_files_are_as_they_were_published()
