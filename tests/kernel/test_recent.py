"""What was looked up lately is remembered as long as it is used, and never more than so much."""

from __future__ import annotations

from random import Random

from app.kernel.access.lru_cache import LruCache


def test_what_is_used_stays_however_much_else_comes_by() -> None:
    cache: LruCache[int, str] = LruCache(100)
    cache.put(0, "used")
    for n in range(1, 10_000):
        cache.put(n, "seen once")
        if n % 90 == 0:
            assert cache.get(0) == "used"
        assert len(cache) <= 100
    assert cache.get(9_999) == "seen once"
    assert cache.get(5_000) is None
    cache.clear()
    assert (cache.get(0), len(cache)) == (None, 0)


def test_of_a_little_more_in_use_than_fits_only_a_little_is_looked_up() -> None:
    """Emptied whole when full, two of five would be."""
    chance, cache, missed = Random(1), LruCache[int, int](100), 0
    for asked in range(20_000):
        n = chance.randrange(110)
        if cache.get(n) is None:
            missed += asked > 1_000
            cache.put(n, n)
    assert missed < 19_000 * 0.12
