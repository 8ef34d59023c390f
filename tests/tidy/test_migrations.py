"""Migrations say what an older program has to know of them."""

from __future__ import annotations

import ast

from app.platform.schema import MIGRATIONS
from tests.tidy.source import fail_for

#: The last one that was made before they had to say it.
SILENT_UNTIL = "1062"


def test_a_migration_says_whether_it_only_adds() -> None:
    silent = []
    for path in sorted((MIGRATIONS / "versions").glob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        values = {
            ast.unparse(target): ast.unparse(node.value)
            for node in tree.body
            if isinstance(node, ast.Assign)
            for target in node.targets
        }
        if path.name[:4] > SILENT_UNTIL and values.get("ADDS_ONLY") not in ("True", "False"):
            silent.append(path.name)
    fail_for(
        silent,
        "Say ADDS_ONLY = True if programs of before go on with it (tables, columns that may be empty), "
        "else ADDS_ONLY = False: then the way back is the backup.",
    )
