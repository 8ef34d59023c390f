"""The histories that KPIs are tried on, and made-up incidents that go through states."""

from tests.kpis.conftest import (  # noqa: F401  # fixtures
    db,
    few_kept_books,
    few_own_books,
    follower,
    kept_books,
    own_books,
)
