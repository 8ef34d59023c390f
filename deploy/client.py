"""Write the package of the typed client in Python: of the contract what a frontend uses.

python deploy/client.py FOLDER [TAG …]
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).parents[1]
sys.path.insert(0, str(PROJECT))

from app.contract.selection import TaggedContract  # noqa: E402  # the project is on the path now

#: What portals and desks of others are made for. Whoever needs more generates it from openapi/areas.
TAGS = (
    *("incidents", "requests", "problems", "tickets", "attachments", "catalogue", "checklists"),
    *("articles", "search", "views", "kpis", "events", "service"),
)
#: What the package says of itself; its program is run by tests/clients/test_python.py.
README = PROJECT / "deploy" / "client.md"
NAMES = {"project_name_override": "ledgerdesk-client", "package_name_override": "ledgerdesk_client"}


def contract_part(tags: tuple[str, ...]) -> dict[str, Any]:
    """Return the contract of these tags, without drawings, for which the generator has no type."""
    contract = json.loads((PROJECT / "openapi" / "openapi.json").read_bytes())
    part = TaggedContract(contract).with_tags(tags)
    return {
        **part,
        "paths": {path: item for path, item in part["paths"].items() if not path.endswith(".svg")},
    }


def main(folder: Path, tags: tuple[str, ...]) -> int:
    """Write the package into the folder, which is not there yet; return the generator's exit code."""
    tools = Path(sys.executable).parent
    with tempfile.TemporaryDirectory() as scratch:
        contract, names = Path(scratch, "openapi.json"), Path(scratch, "names.json")
        contract.write_text(json.dumps(contract_part(tags)), encoding="utf-8")
        names.write_text(json.dumps(NAMES), encoding="utf-8")
        generate = [tools / "openapi-python-client", "generate", "--meta", "uv", "--fail-on-warning"]
        files = ["--path", contract, "--config", names, "--output-path", folder]
        # It tidies what it has written by the ruff that it finds.
        variables = {**os.environ, "PATH": f"{tools}:{os.environ.get('PATH', '')}"}
        code = subprocess.run([*generate, *files], env=variables, check=False).returncode  # noqa: S603
        if code == 0:
            shutil.copyfile(README, folder / "README.md")
        return code


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), tuple(sys.argv[2:]) or TAGS))
