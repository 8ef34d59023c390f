"""Configuration of the server's log: one line per event, as JSON unless standard error is a terminal."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable
from typing import Any

import orjson
import structlog
from structlog.typing import Processor


def configure_logging(level: str) -> None:
    """Write log lines of that level and above to standard error from now on."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    rendering: list[Processor] = (
        [structlog.dev.ConsoleRenderer()]
        if sys.stderr.isatty()
        else [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(_as_json)]
    )
    structlog.configure(
        processors=[*shared, *rendering],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    handler = logging.StreamHandler(sys.stderr)
    theirs: list[Processor] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *rendering]
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processors=theirs, foreign_pre_chain=shared))
    # A dead connection is replaced, and app.platform.db logs the reason.
    logging.getLogger("psycopg.pool").addFilter(lambda line: not line.getMessage().startswith("discarding"))
    logging.basicConfig(
        handlers=[handler], level=max(logging.WARNING, getattr(logging, level.upper())), force=True
    )


def _as_json(line: dict[str, Any], default: Callable[[Any], Any]) -> str:
    """Return the line as JSON. Every request has one, so it is made in half of the time."""
    try:
        return orjson.dumps(line, default=default).decode()
    except TypeError:  # e.g. bytes that are no text, as half characters
        return json.dumps(line, default=default)
