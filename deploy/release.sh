#!/usr/bin/env bash
# What a release consists of, in dist/: wheel and sdist of the service and of its typed client, the contract by areas, the
# locked requirements, an SBOM, and hashes of them all with the commit that they were made of. Then both wheels are
# installed in clean environments, and the one asks the other's demo. Needs a network for what the lock file names.
set -euo pipefail
CDPATH='' cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."

python=$PWD/.venv/bin/python uv=$PWD/.venv/bin/uv
version=$("$python" -c 'import tomllib; print(tomllib.load(open("pyproject.toml", "rb"))["project"]["version"])')
if [ -n "$(git status --porcelain)" ]; then
    echo "There are changes that are not committed: a release is made of a commit." >&2
    exit 2
fi
"$python" -m app.cli contract --frozen
name=ledgerdesk-$version
rm -rf dist build/client
# Built twice of one commit, the files are the same.
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH
"$uv" build --quiet --out-dir dist
"$uv" export --quiet --frozen --no-dev --all-extras --no-emit-project --output-file "dist/$name.requirements.txt" >/dev/null
"$uv" export --quiet --frozen --no-dev --all-extras --format cyclonedx1.5 --output-file "dist/$name.cdx.json" >/dev/null
"$python" deploy/client.py build/client >/dev/null
"$uv" build --quiet --out-dir dist build/client
rm -rf build/client dist/.gitignore
tar --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$SOURCE_DATE_EPOCH" -czf "dist/$name-openapi.tar.gz" \
    openapi/openapi.json openapi/events.json openapi/areas
{
    echo "commit $(git rev-parse HEAD)"
    echo "tree $(git rev-parse 'HEAD^{tree}')"
    echo "built with $("$uv" --version), $("$python" --version)"
} > "dist/$name.provenance.txt"
(cd dist && sha256sum -- * > SHA256SUMS)

clean=$(mktemp -d) demo=''
chmod 755 "$clean" # as root PostgreSQL runs as another user
finish() {
    [ -z "$demo" ] || { kill -INT "$demo" 2>/dev/null; wait "$demo" || true; }
    rm -rf -- "$clean"
}
trap finish EXIT
dist=$PWD/dist
cd "$clean" # where uv reads no settings of the project
"$uv" venv --quiet --python "$python" venv
VIRTUAL_ENV=$clean/venv "$uv" pip install --quiet --require-hashes -r "$dist/$name.requirements.txt"
VIRTUAL_ENV=$clean/venv "$uv" pip install --quiet --no-deps "$dist/$name-py3-none-any.whl"
port=$("$python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
set -m # a job of its own does not ignore the interrupt that ends it, not even before it serves
LEDGERDESK_DATA_DIR=$clean/data LEDGERDESK_PORT=$port "$clean/venv/bin/ledgerdesk" demo >"$clean/demo.log" 2>&1 &
demo=$! key=''
set +m
for _ in {1..1200}; do
    if "$python" -c 'import sys, urllib.request as r; r.urlopen(sys.argv[1], timeout=2)' "http://127.0.0.1:$port/readyz" 2>/dev/null; then
        key=$(awk '$1 == "agent" {print $2}' "$clean/demo.log")
        [ -z "$key" ] || break
    fi
    kill -0 "$demo" 2>/dev/null || { cat "$clean/demo.log" >&2; exit 1; }
    sleep 1
done
[ -n "$key" ] || { echo "The installed demo is not ready after 20 minutes:" >&2; cat "$clean/demo.log" >&2; exit 1; }
"$uv" venv --quiet --python "$python" client
VIRTUAL_ENV=$clean/client "$uv" pip install --quiet "$dist/ledgerdesk_client-$version-py3-none-any.whl"
client/bin/python -c 'import sys
from ledgerdesk_client import AuthenticatedClient
from ledgerdesk_client.api.incidents import list_incidents
page = list_incidents.sync(client=AuthenticatedClient(base_url=sys.argv[1], token=sys.argv[2]), limit=1)
print("The installed demo answers the installed client with", page.items[0].number)' "http://127.0.0.1:$port" "$key"
echo "dist/ holds $name; dist/SHA256SUMS says of what."
