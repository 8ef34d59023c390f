"""Cases that take long to list are listed when their test runs."""

from __future__ import annotations

from tests.cases import each_case


def test_cases_of_a_function_are_listed_once_and_only_when_they_are_tried() -> None:
    calls: list[str] = []
    numbers: list[int] = []

    def cases() -> list[int]:
        calls.append("listed")
        return [1, 2]

    @each_case("number", cases)
    def test(number: int) -> None:
        numbers.append(number)

    assert not calls
    test()
    test()
    assert (calls, numbers) == (["listed"], [1, 2, 1, 2])
