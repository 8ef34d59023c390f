"""How text is cut into what can be searched for."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.search.tokens import LONGEST_TEXT, key_tokens, number_tokens, staff_tokens, terms, text_tokens
from tests.cases import each_case

CHARACTERS = st.sampled_from(list("aZs9 -_./:@!'\\&|()<>*\n\x00Éß邮件不通ＡかЖ한𠀀"))
TEXTS = st.text(CHARACTERS, max_size=40) | st.text(max_size=40)


@each_case(
    ("text", "tokens"),
    [
        ("Mail does not arrive", {"mail", "doe", "not", "arrive"}),
        ("PRINTERS, printer's", {"printer", "s"}),
        ("bus status access", {"bus", "statu", "access"}),
        ("收不到邮件", {"收", "不", "到", "邮", "件", "收不", "不到", "到邮", "邮件"}),
        ("VPN连不上, 云", {"vpn", "连", "不", "上", "连不", "不上", "云"}),
        ("ＶＰＮ１２", {"vpn12"}),
        ("srv-db-01.example.org", {"srv", "db", "01", "example", "org"}),
        ("first_second", {"first", "second"}),
        ("Größe", {"grösse"}),
        ("… !?", set()),
    ],
)
def test_a_text_is_found_by_its_words_and_by_characters_and_their_pairs(text: str, tokens: set[str]) -> None:
    assert text_tokens(text) == tokens


def test_a_key_is_found_by_its_beginnings() -> None:
    assert key_tokens("SRV-db-01") == {
        "srv",
        "db",
        "01",
        "srv-",
        "srv-d",
        "srv-db",
        "srv-db-",
        "srv-db-0",
        "srv-db-01",
    }
    assert key_tokens("erp") == {"erp"}
    assert "inc0000" in key_tokens("INC0000045")
    assert key_tokens("网络") == {"网", "络", "网络"}


def test_a_number_is_found_by_those_beginnings_that_say_more_than_code_and_year() -> None:
    beginnings = {f"inc-2026-{running}" for running in ("0", "00", "000", "0001", "00012", "000123")}
    assert number_tokens("INC-2026-000123") == {"inc", "2026", "000123"} | beginnings


@pytest.mark.parametrize(
    ("text", "terms_of_it"),
    [
        ("Printers mail", [({"printer"}, None), ({"mail"}, None)]),
        ("mail mail", [({"mail"}, None)]),
        ("收不到 云", [({"收不", "不到"}, None), ({"云"}, None)]),
        ("VPN连不上", [({"vpn"}, None), ({"连不", "不上"}, None)]),
        ("INC-2026-0001", [({"inc", "2026", "0001"}, "inc-2026-0001")]),
        ("(INC-2026-0001).", [({"inc", "2026", "0001"}, "inc-2026-0001")]),
        ("a@b.cn", [({"a", "b", "cn"}, "a@b.cn")]),
        ("' & | ! ( \\", []),
        ("客户：权限", [({"客户"}, None), ({"权限"}, None)]),
    ],
)
def test_what_is_searched_for_is_cut_alike(text: str, terms_of_it: list[tuple[set[str], str | None]]) -> None:
    assert [(set(every), prefix) for every, prefix in terms(text)] == terms_of_it


@given(TEXTS)
def test_a_text_is_found_by_itself(text: str) -> None:
    tokens = text_tokens(text)
    for every, _ in terms(text):
        assert every <= tokens


@given(TEXTS)
def test_a_key_is_found_by_itself_and_every_long_enough_beginning(key: str) -> None:
    tokens = key_tokens(key)
    for every, prefix in terms(key):
        assert every <= tokens
        assert prefix is None or len(prefix) < 4 or prefix in tokens


@given(TEXTS)
def test_there_is_nothing_in_a_token_that_a_query_could_stumble_over(text: str) -> None:
    search_tokens = {token for pieces, complete in terms(text) for token in (*pieces, complete or "x")}
    for token in search_tokens | text_tokens(text):
        assert token
        assert not re.search(r"['\\\s\x00!]", token), token
    assert not any(re.search(r"[\s\x00]", token) for token in key_tokens(text))
    assert staff_tokens(text_tokens(text)).isdisjoint(text_tokens(text))


def test_what_is_found_of_the_longest_text_is_what_postgresql_takes() -> None:
    rare = "".join(chr(0x20000 + n % 40_000) + chr(0x2A700 - n % 30_000) for n in range(LONGEST_TEXT))
    tokens = text_tokens(rare)
    assert sum(len(token.encode()) for token in tokens | staff_tokens(tokens)) < 2**20
