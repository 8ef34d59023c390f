# syntax=docker/dockerfile:1

FROM python:3.12.14-slim AS build
ENV UV_PROJECT_ENVIRONMENT=/opt/ledgerdesk UV_PYTHON_DOWNLOADS=never UV_LINK_MODE=copy UV_COMPILE_BYTECODE=1
WORKDIR /src
COPY pyproject.toml uv.lock ./
# uv itself comes as the lock file has it, checked against its hashes.
RUN python -c 'import tomllib; uv = next(p for p in tomllib.load(open("uv.lock", "rb"))["package"] if p["name"] == "uv"); print("uv==" + uv["version"], *("--hash=" + wheel["hash"] for wheel in uv["wheels"]))' > /tmp/uv.txt \
    && pip install --no-cache-dir --no-deps --require-hashes --only-binary :all: -r /tmp/uv.txt
# What others wrote changes seldom, and is a layer of its own.
RUN uv sync --frozen --no-dev --extra nats --extra kafka --extra timestamps --no-install-project --no-cache
COPY README.md LICENSE NOTICE ./
COPY openapi/openapi.json openapi/
COPY migrations migrations
COPY app app
RUN uv sync --frozen --no-dev --extra nats --extra kafka --extra timestamps --no-editable --no-cache \
    && /opt/ledgerdesk/bin/python -c 'from app.html.templates import compile_templates; compile_templates()' \
    && find /opt/ledgerdesk -name '*.jinja-*' -exec chmod a+r {} +

FROM python:3.12.14-slim
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin ledgerdesk \
    && install -d -o ledgerdesk -g ledgerdesk -m 0700 /var/lib/ledgerdesk /var/lib/ledgerdesk/secrets
COPY --from=build /opt/ledgerdesk /opt/ledgerdesk
COPY LICENSE NOTICE /usr/share/doc/ledgerdesk/
# Nothing is written below / but the secrets: the container runs with a read-only file system.
ENV PATH=/opt/ledgerdesk/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 HOME=/tmp \
    LEDGERDESK_HOST=0.0.0.0 LEDGERDESK_PORT=8000 LEDGERDESK_SECRETS_DIR=/var/lib/ledgerdesk/secrets
USER 10001
WORKDIR /tmp
EXPOSE 8000
# No proxy of the environment stands between the container and itself.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as r; r.build_opener(r.ProxyHandler({})).open('http://127.0.0.1:' + os.environ['LEDGERDESK_PORT'] + '/livez', timeout=4)"]
ENTRYPOINT ["ledgerdesk"]
CMD ["serve"]
