"""Bytes → lines → rows of cells: whatever the file holds, one bad row costs one row."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.exchange.readers import lines as reader
from app.exchange.readers.lines import BLOCK, CellRow, DelimitedRows, lines
from app.exchange.readers.rows import FileRefused, RefusedRow
from tests.exchange.servicenow_files import blocks
from tests.extent import WHOLE, first_of

#: In `make test` rows may be a tenth as large as they may be, and are read in a tenth of the time.
TENTH = 1 if WHOLE else 10
LARGEST_ROW, MOST_LINES = reader.LARGEST_ROW // TENTH, reader.MOST_LINES // TENTH


@pytest.fixture(autouse=True, scope="module")
def smaller_rows() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(reader, "LARGEST_ROW", LARGEST_ROW)
        patched.setattr(reader, "MOST_LINES", MOST_LINES)
        yield


def rows(
    text: str | bytes, *, encoding: str = "utf-8", size: int | None = None
) -> list[CellRow | RefusedRow]:
    body = text if isinstance(text, bytes) else text.encode(encoding)
    delimited_rows = DelimitedRows(lines(blocks(body, size), encoding), encoding)
    delimited_rows.heading()
    return list(delimited_rows)


def cells(text: str | bytes, **options: str) -> list[list[str]]:
    return [row[1] for row in rows(text, **options) if not isinstance(row, RefusedRow)]  # type: ignore[arg-type]  # encoding


def refused(text: str | bytes) -> list[tuple[int, str]]:
    return [(row.line, row.code) for row in rows(text) if isinstance(row, RefusedRow)]


def test_cells_are_split_and_lines_counted() -> None:
    assert rows("a,b\n1,2\r\n\n3,4") == [(2, ["1", "2"], 3), (4, ["3", "4"], 3)]


@pytest.mark.parametrize("size", [None, 7])
def test_lines_may_end_with_a_carriage_return_alone(size: int | None) -> None:
    assert rows("a,b\r1,2\r\r3,4\r", size=size) == [(2, ["1", "2"], 3), (4, ["3", "4"], 3)]


def test_cells_missing_at_the_end_of_a_row_are_empty() -> None:
    text = 'a,b,c\n1,2\n"x, y","two\nlines"\n"3",4\nA note below.\n5,6,7,8\n'
    assert cells(text) == [["1", "2", ""], ["x, y", "two\nlines", ""], ["3", "4", ""]]
    assert refused(text) == [(6, "wrong_cells"), (7, "wrong_cells")]


def test_a_byte_order_mark_is_no_part_of_the_heading() -> None:
    assert DelimitedRows(lines(blocks(b"\xef\xbb\xbfa,b\n"), "utf-8"), "utf-8").heading() == ["a", "b"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(delimiter: str) -> None:
    assert cells(f"a{delimiter}b\n1{delimiter}2\n") == [["1", "2"]]


def test_quoted_cells_hold_delimiters_line_breaks_and_doubled_quotation_marks() -> None:
    assert cells('a,b\n"x, y","two\r\nlines, ""quoted"""\n3,4\n') == [
        ["x, y", 'two\nlines, "quoted"'],
        ["3", "4"],
    ]


def test_a_quotation_mark_within_a_cell_is_just_that() -> None:
    assert cells('a,b\n24" screen,2\n3,4\n') == [['24" screen', "2"], ["3", "4"]]


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("a,b\n1\n3,4\n", [(2, "wrong_cells")]),
        ("a,b\n1,2,3\n3,4\n", [(2, "wrong_cells")]),
        ('a,b\n"1"x,2\n3,4\n', [(2, "broken_quotes")]),
        # Opened and never closed: the line is lost, and no other.
        ('a,b\n"1,2\n3,4\n', [(2, "broken_quotes")]),
        ('a,b\n"1,2\n' + "3,4\n" * (LARGEST_ROW // 4 + 1), [(2, "broken_quotes")]),
        # Opened by mistake, and closed by the next cell that has quotation marks.
        ('a,b\n"1,2\n"3",4\n3,4\n', [(2, "broken_quotes")]),
        ('a,b\n"1\n3,4\nx",2,3\n3,4\n', [(2, "wrong_cells"), (4, "wrong_cells")]),
        ("a,b\n1,\x002\n3,4\n", [(2, "nul")]),
        ("a,b\n" + "x" * (LARGEST_ROW + 1) + "\n3,4\n", [(2, "too_large")]),
    ],
)
def test_a_bad_row_is_refused_and_the_rest_goes_on(text: str, where: list[tuple[int, str]]) -> None:
    assert refused(text) == where
    assert cells(text)[-1] == ["3", "4"]


def test_a_quoted_cell_may_have_as_many_lines_as_its_size_allows() -> None:
    text = "line\n" * (MOST_LINES // 2)
    assert cells(f'a,b\n"{text}",2\n3,4\n') == [[text, "2"], ["3", "4"]]


@pytest.mark.parametrize("line", ["x" * 1000, "x,", ""], ids=["long", "short", "empty"])
def test_a_quoted_cell_that_is_too_large_is_one_row(line: str) -> None:
    """Whatever stands in it, and also where it never ends."""
    text = f"{line}\n" * min(LARGEST_ROW // (len(line) + 1) + 3, MOST_LINES + 3)
    for body in (f'a,b,c\n"{text}",2,3\n4,5,6\n', f'a,b,c\n"{text}4,5,6\n'):
        wrong, right = rows(body)
        assert isinstance(wrong, RefusedRow)
        assert (wrong.line, wrong.code) == (2, "too_large")
        assert right[1] == ["4", "5", "6"]


def test_a_row_over_several_lines_in_another_encoding_is_one_row() -> None:
    body = 'a,b\n"邮件\n不通\n",2\n'.encode("gb18030") + "3,é\n".encode()
    assert refused(body) == [(2, "undecodable")]
    assert cells(body) == [["3", "é"]]


@pytest.mark.parametrize(
    ("text", "encoding", "read_as"),
    [
        ("邮件收不到，请尽快处理", "gb18030", "utf-8"),
        ("《系统》：３号机房", "gb18030", "utf-8"),
        ("Der Drucker läuft über, schöne Grüße", "windows-1252", "utf-8"),
        ("déjà vu, très tôt – „zu“ 5 €", "windows-1252", "utf-8"),
        ("打印机不通。", "utf-8", "gb18030"),
        (None, None, "utf-8"),
        ("プリンター", None, "utf-8"),
        ("принтер", None, "utf-8"),
    ],
)
def test_what_a_row_in_another_encoding_looks_like_is_said(
    text: str | None, encoding: str | None, read_as: str
) -> None:
    unlike = {
        None: b"\x81\xff\x9d",
        "プリンター": "プリンター".encode("shift-jis"),
        "принтер": "принтер".encode("cp1251"),
    }
    cell = unlike[text] if text is None or encoding is None else text.encode(encoding)
    (row,) = rows(b"a,b\n1," + cell + b"\n", encoding=read_as)
    assert isinstance(row, RefusedRow)
    assert (row.code, row.likely_encoding) == ("undecodable", encoding)
    assert (encoding or "name it") in row.reason


def test_a_row_in_another_encoding_is_refused() -> None:
    body = "a,b\n1,é\n".encode("latin-1") + "3,é\n".encode()
    assert refused(body) == [(2, "undecodable")]
    assert cells(body) == [["3", "é"]]


@pytest.mark.parametrize(
    ("encoding", "text"), [("latin-1", "– „é“ 5 €"), ("windows-1252", "– „é“ 5 €"), ("gb18030", "邮件")]
)
def test_another_encoding_can_be_declared(encoding: str, text: str) -> None:
    stored = text.encode("cp1252" if encoding == "latin-1" else encoding)
    assert cells(b"a,b\n1," + stored + b"\n", encoding=encoding) == [["1", text]]


@pytest.mark.parametrize("encoding", ["latin-1", "windows-1252"])
def test_no_control_character_gets_in_by_an_encoding(encoding: str) -> None:
    (row,) = rows(b"a,b\n1,\x81\x8d\n", encoding=encoding)
    assert isinstance(row, RefusedRow)
    assert row.code == "undecodable"


@pytest.mark.parametrize("stored_as", ["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig"])
@pytest.mark.parametrize("declared", ["utf-8", "windows-1252", "utf-16"])
def test_a_file_whose_first_bytes_say_its_encoding_is_read_so(stored_as: str, declared: str) -> None:
    text = "number;a\r\n1;邮件 – 😀\r\n2;\r\n"
    assert cells(text.encode(stored_as), encoding=declared) == [["1", "邮件 – 😀"], ["2", ""]]


def test_half_a_character_in_utf_16_costs_its_row() -> None:
    body = "number,a\n1,".encode("utf-16") + b"\x3d\xd8" + "\n2,b\n".encode("utf-16-le")
    assert refused(body) == [(2, "undecodable")]
    assert cells(body) == [["2", "b"]]


@pytest.mark.parametrize(
    ("line", "delimiter"),
    [("sep=;", ";"), ("SEP=,", ","), ('"sep=|"', "|"), ("sep=\t", "\t"), ("sep=^", "^"), ("sep=;\t", ";")],
)
def test_a_line_that_states_the_delimiter_is_no_heading(line: str, delimiter: str) -> None:
    body = (
        f"{line}\r\na,;|x{delimiter}b\r\n1{delimiter}2\r\nx\r\n"
        if delimiter in "\t^"
        else (f"{line}\r\na{delimiter}b\r\n1{delimiter}2\r\nx\r\n")
    )
    assert cells(body) == [["1", "2"]]
    assert refused(body) == [(4, "wrong_cells")]


def test_a_heading_may_have_a_column_of_that_name() -> None:
    assert cells("sep=x,b\n1,2\n") == [["1", "2"]]
    assert cells("sep=;\nsep=,;b\n1;2\n") == [["1", "2"]]


def test_an_empty_file_is_refused_in_words() -> None:
    for empty in ("", "\n \n", "sep=;\n", b"\xff\xfe"):
        with pytest.raises(FileRefused, match="empty"):
            rows(empty)


@given(st.text('ab",\n\r;é邮', max_size=60), st.integers(1, 7))
def test_the_size_of_the_blocks_makes_no_difference(text: str, size: int) -> None:
    body = f"a,b\n{text}".encode()
    assert rows(body, size=size) == rows(body)


@given(st.lists(st.lists(st.text('ab",\né', max_size=5), min_size=2, max_size=2), max_size=6))
def test_whatever_is_written_as_csv_is_read_back(table: list[list[str]]) -> None:
    quoted = ["a,b"] + [",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in table]
    assert cells("\n".join(quoted)) == table


def peak(body: Callable[[int], bytes]) -> int:
    tracemalloc.start()
    delimited_rows = DelimitedRows(lines(body, "utf-8"), "utf-8")
    delimited_rows.heading()
    for _ in delimited_rows:
        pass
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most


@pytest.mark.parametrize("line", first_of([b"1,2", b'"1"', b'"1"x,2', b'"1,2', b'1,"2'], 3))
def test_memory_is_bounded_whatever_the_file_holds(line: bytes) -> None:
    """Many rows in which a quotation mark is opened and not closed, or the other way round."""
    body = (line + b"x" * 100 + b"\n") * (BLOCK // (len(line) + 101))
    left = [b'a,b\n"1,2\n', *[body] * (64 if WHOLE else 8), b'"\n']
    assert peak(lambda _: left.pop(0) if left else b"") < (5_000_000 if WHOLE else 1_000_000)


def test_memory_is_bounded_for_a_line_without_an_end() -> None:
    left = [b"a,b\n", *[b"x" * BLOCK] * 200]
    assert peak(lambda _: left.pop(0) if left else b"") < 15_000_000
