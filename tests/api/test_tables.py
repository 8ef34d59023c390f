"""What stands in a table for spreadsheets."""

from __future__ import annotations

from app.common.files.csv_text import Cell, dump_csv
from tests.cases import each_case


@each_case(
    ("value", "cell"),
    [
        (None, ""),
        ("", ""),
        (0, "0"),
        (-1.5, "-1.5"),
        (True, "true"),
        (False, "false"),
        ("P1", "P1"),
        ("a=b", "a=b"),
        ("三楼", "三楼"),
        ("a,b", '"a,b"'),
        ('the "core"', '"the ""core"""'),
        ("two\r\nlines", '"two\r\nlines"'),
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("\r=1", '"\'\r=1"'),
        ("\n=1", '"\'\n=1"'),
        ("\uff1d1+1", "'\uff1d1+1"),
        ('=HYPERLINK("a";"b")', '"\'=HYPERLINK(""a"";""b"")"'),
    ],
    ids=repr,
)
def test_a_cell_holds_the_value_and_nothing_that_is_computed(value: Cell, cell: str) -> None:
    assert dump_csv(["first", "then"], [[value, 7]]) == f"first,then\r\n{cell},7\r\n"
