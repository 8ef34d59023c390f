"""HTML becomes the text that a person sees, and none of what they see is lost."""

from __future__ import annotations

from base64 import b64encode
from time import process_time

from app.common.files.data_files import DataFiles, without_data
from app.common.files.html_text import html_to_text
from tests.cases import each_case

#: What a browser shows after each of these: a comment has no meaning within a style, a script or a title.
RAW = {
    "a comment that a style does not close": "<head><style><!-- p {x}</style></head><p>Refund 120 EUR.",
    "the same in a body": "<div><style><!--\n</style><!--[if mso]><xml></xml><![endif]--><p>Refund 120 EUR.",
    "in a script": "<script>a <!-- b</script><p>Refund 120 EUR.",
    "in a title": "<head><title><!-- 1</title></head><p>Refund 120 EUR.",
    "a tag in a style": "<STYLE>a <template> b</Style ><p>Refund 120 EUR.",
    "an empty comment": "<!--><p>Refund 120 EUR.<!-- -->",
    "another empty comment": "<!---><p>Refund 120 EUR.<!-- -->",
    "a comment that ends with an exclamation mark": "<!-- a --!><p>Refund 120 EUR.<!-- -->",
    "comments of Outlook": "<!--[if !mso]><!--><p>Refund 120 EUR.<!--<![endif]--><!--[if mso]>x<![endif]-->",
    "a style without end": "<p>Refund 120 EUR.<style>p {x} <p>",
    "a title without end": "<head><title>Re: a<body><p>Refund 120 EUR.",
    "a frame": "<iframe><p>Too old.</p></iframe>Refund 120 EUR.",
}


@each_case(("name", "html"), list(RAW.items()), ids=lambda value: value)
def test_a_style_and_a_comment_hide_nothing_after_them(name: str, html: str) -> None:
    assert html_to_text(html) == "Refund 120 EUR."


#: Elements that are hidden, and what ends them; each shows `Refund.` and hides what its author hid.
HIDDEN = {
    "a paragraph without end": '<p style="display:none">No<p>Refund.',
    "by a heading": '<p style="display:none">No<h1>Refund.',
    "by the end of its parent": '<div><p style="display:none">No</div>Refund.',
    "with a paragraph around it": '<p><span style="display:none">No<p>Refund.',
    "a row": '<table><tr style="display:none"><td>No<tr><td>Refund.</table>',
    "a row by the end of its table": '<table><tr style="display:none"><td>No</table>Refund.',
    "a row with a table in it": "<table><tr hidden><td><table><tr><td>No</table>No<tr><td>Refund.",
    "a row by a body": '<table><thead><tr style="display:none"><td>No<tbody><tr><td>Refund.</table>',
    "a cell": '<table><tr><td style="display:none">No<td>Refund.</table>',
    "an item": '<ul style="x"><li hidden>No<ul><li>No</ul><li>Refund.</ul>',
    "a definition": "<dl><dt hidden>No<dd>Refund.</dl>",
    "a division in itself": '<div style="display:none">No<div>No</div>No</div>Refund.',
    "by its attribute": "<p hidden>No</p>Refund.",
    "by a quoted style": "<p style='color:red; display: none !important'>No</p>Refund.",
    "by a style without quotes": "<p style=display:none>No</p>Refund.",
    "not by an address": '<a href="?q=display:none">Refund.</a>',
    "not by a title": '<span title="display: none">Refund.</span>',
    "not by a title that names an attribute": "<span title=\" hidden style='display:none' \">Refund.</span>",
    "not the body": '<body style="display:none">Refund.',
    "not outside of its cell": "<div hidden><table><tr><td></div>No</table></div>Refund.",
    "a head without end": "<html><head><meta charset=utf-8><style>p {}</style><p>Refund.</html>",
    "a head before words": "<head><title>No</title><meta>Refund.",
    "a head before a word in bold": "<head><meta><b>Refund.</b>",
    "a title without end": "<head><title>No<p>Refund.",
    "a head of Word": "<head><xml><o:Pages>1</o:Pages></xml><o:x></o:x></head><p>Refund.",
}


@each_case(("name", "html"), list(HIDDEN.items()), ids=lambda value: value)
def test_what_is_hidden_ends_where_a_browser_ends_it(name: str, html: str) -> None:
    assert html_to_text(html).removeprefix("- ").split(" <")[0] == "Refund."


def test_joiners_within_words_and_emoji_stay_and_fillers_of_previews_go() -> None:
    assert (
        html_to_text("<p>می\u200cخواهم <b>کتاب\u200c</b>ها 👩\u200d💻")
        == "می\u200cخواهم کتاب\u200cها 👩\u200d💻"
    )
    assert html_to_text("Preview" + " &zwnj;&nbsp;&#847;&#8203;" * 9 + "<p>&zwj;</p><p>&lrm; Body") == (
        "Preview\n\nBody"
    )


#: Marks and numbers that have a meaning of their own.
MARKED = {
    "<p>Delete <s>all </s>the <del>1</del><ins>2</ins> users": "Delete ~~all~~ the ~~1~~2 users",
    '<span style="text-decoration:line-through red">Restart <b>db-1</b></span> no': "~~Restart db-1~~ no",
    "<strike>one<br>two</strike><p><s>three</p><p>four</p>": "~~one~~\n~~two~~\n\n~~three~~\n\nfour",
    "<ul><li style='text-decoration: line-through'>gone<li>here</ul>": "- ~~gone~~\n- here",
    "<s> </s><s><del>x</del></s>": "~~x~~",
    "10<sup>6</sup> rows, H<sub>2</sub>O, x<sup>a+1</sup>b<sup>-6</sup>": "10^6 rows, H_2O, x^(a+1)b^-6",
    'm<span style="vertical-align:super">2</span>': "m^2",
    "the 1<sup>st</sup>, Word<sup>TM</sup>, Word<sup>®</sup><sup></sup>": "the 1st, WordTM, Word®",
    '<ol start="3"><li>c<li value="7">g<li>h</ol><ol><li>a</ol>': "3. c\n7. g\n8. h\n\n1. a",
    '<ol type="a" start="26"><li>x<li>y</ol>': "z. x\naa. y",
    '<ol style="list-style-type: upper-roman" start=4><li>x</ol>': "IV. x",
    '<ol start="x"><li value="">x</ol>': "1. x",
    "<ol reversed><li>r<li>s</ol>": "2. r\n1. s",
    "<math><mfrac><mn>1</mn><mn>2</mn></mfrac> <msup><mi>x</mi><mn>2</mn></msup></math>": "1/2 x^2",
    "<b style='font-family:Wingdings'>J</b> J <font face=Symbol>m</font>A": "☺ J μA",
    """<i style='font-family:"Wingdings"'>\uf0fe<u style="font:9pt Arial">o</u></i>""": "☑o",
    "a:<br>&nbsp;&nbsp;b:&nbsp;1<p>&nbsp;<br>1&nbsp;&nbsp;&nbsp;2 &nbsp;</p>": "a:\n  b: 1\n\n1   2",
}


@each_case(("html", "text"), list(MARKED.items()), ids=lambda value: value)
def test_what_is_struck_raised_or_numbered_is_seen_to_be(html: str, text: str) -> None:
    assert html_to_text(html) == text


#: What leads elsewhere, or was filled in.
LEADING = {
    '<a href="file://srv-7/a.etl">here</a>': "here <file://srv-7/a.etl>",
    '<a href="\\\\srv-7\\share">there</a>': "there <\\\\srv-7\\share>",
    '<a href="ftp://f.example/d.gz">dump</a>': "dump <ftp://f.example/d.gz>",
    '<a href="tel:+49301234567">call</a>': "call <tel:+49301234567>",
    '<a href="tel:+49301234567">+49 (30) 123 45 67</a>': "+49 (30) 123 45 67",
    '<a href="https://www.x.example/">www.x.example</a>': "www.x.example",
    '<a href="#2">Part 2</a>, <a href="JavaScript:go()">go</a>': "Part 2, go",
    '<base href="https://x.example/a/"><a href="doc/1">it</a>': "it <https://x.example/a/doc/1>",
    '<base href="https://x.example/"><a href="mailto:a@x.example">us</a>': "us <mailto:a@x.example>",
    '<base href="http://["><a href="doc/1">it</a>': "it <doc/1>",
    '<img src="https://i.example/4711.png">': "[picture <https://i.example/4711.png>]",
    '<img src="https://i.example/4711.png" alt="a tray">': "[a tray]",
    'x<img src="data:,"><img src="https://i.example/" alt="">': "x",
    '1 <img src="cid:a%40x" alt=""> 2 <img src="cid:b@x"> 3 <img alt="Tray" src="cid:a@x">': (
        "1 [picture a.png] 2 [picture] 3 [Tray]"
    ),
    'x<img src="cid:a@x" width="1">': "x",
    '<head><base href="https://x.example/a/"></head><a href="b">it</a>': "it <https://x.example/a/b>",
    '<frameset><frame src="https://x.example/f"></frameset>': "<https://x.example/f>",
    '<a href="mailto:Bea <bea@x.example>">Bea</a>': "Bea <mailto:Bea <bea@x.example>>",
    """<img alt="5 < 6 V"> <b title='<script>'>one</b> <p title="a<b>c">two</p>""": "[5 < 6 V] one\n\ntwo",
}


@each_case(("html", "text"), list(LEADING.items()), ids=lambda value: value)
def test_addresses_and_what_was_filled_in_are_shown(html: str, text: str) -> None:
    assert html_to_text(html, pictures={"a@x": "a.png"}) == text


#: Tables, and the lines that they become.
TABLES = {
    "<table><tr><th>Host<th>Old<th>New<tr><td>db-1<td>10.7<td><tr><td>db-2<td><td>10.8</table>": (
        "Host | Old | New\ndb-1 | 10.7 |\ndb-2 | | 10.8"
    ),
    "<table><tr><th>Host<th>Old<tr><td>db-3<td></td></table>": "Host | Old\ndb-3 |",
    "<table><tr><td>a<td>b<tr><td><td>c</table>": "a | b\n| c",
    "<table><tr><td>&nbsp;<td>Arranged<td>&nbsp;<tr><td><td></table>": "Arranged",
    "<table><tr><td><table><tr><td>a<td>b</table><td>c</table>": "a | b\n\nc",
    "<td>x<td>y": "x | y",
    "<table><tr><th>A<th>B<tr><td>1<br>2<br>3<td>x<br><br>z</table>": "A | B\n1 | x\n2 |\n3 | z",
    "<table><tr><td><p>Host</p><td><p>Load</p><tr><td><p>db<td><p>&gt; 90 %</p><p>now</p></table>Why?": (
        "Host | Load\ndb | > 90 % now\n\nWhy?"
    ),
    "<blockquote><table><tr><td><div>a</div><td><p>b</table></blockquote>": "> a | b",
    "<table><tr><td><table><tr><td><p>a<td><p>b</table><td><p>c</p></table>": "a | b\n\nc",
    "<table><tr><td><ul><li>a<li>b</ul><td>c</table>": "- a\n- b\n\nc",
    f"<table><tr><td>{'<p>One of many paragraphs.' * 4}<td><p>c</table>": (
        "One of many paragraphs.\n\n" * 4 + "c"
    ),
    "<table><tr><td>a<p>b<td>c<p>d": "a | c\nb | d",
    "<table><tr><th>Host<th>Old<th>New<tr><td colspan=2>both<td>7<tr><td rowspan=2>db3<td>1<td>2<tr><td>3"
    "<td>4<tr><td>a<td>b<td>c</table>": ("Host | Old | New\nboth | | 7\ndb3 | 1 | 2\n| 3 | 4\na | b | c"),
}


@each_case(("html", "text"), list(TABLES.items()), ids=lambda value: value)
def test_empty_cells_are_seen(html: str, text: str) -> None:
    assert html_to_text(html) == text


def test_a_field_shows_what_was_written_in_it_as_it_is() -> None:
    assert html_to_text("<p>Code:<textarea>a <b> &lt;\n<!-- c</textarea>.") == "Code:a <b> <\n<!-- c."


UNENDED = (
    *("<title>", "<title><body>", "<textarea>", "<style>", "<!--", "<style></style>", "<p hidden>"),
    "<table><tr hidden><td>",
    "<sup>x",
    "<sup>x</sup>",
    "<s>x<br>",
    "<ol><li>",
    "<table><td>x",
    "<table><tr><td rowspan=99 colspan=99>x",
    "<ol reversed><li>",
    '<a ="<a =',
    '<a b="<a \'<a "',
)


def test_elements_without_end_are_read_in_time_that_grows_with_their_number() -> None:
    # Both sizes are read by turns, so that a busy machine slows both: four times as many elements take four
    # times as long, or sixteen times if the time grew with the square.
    few = many = 0.0
    for tag in UNENDED:
        few += read_in(tag, 1_000)
        many += read_in(tag, 4_000)
    assert many < 8 * few


def read_in(tag: str, times: int) -> float:
    """Read that many elements, alone and within a table; return the processor time in seconds."""
    begun = process_time()
    html_to_text(tag * times)
    html_to_text("<p><table>" + "<b>" * times + f"{tag}</p></i>" * times)
    return process_time() - begun


def test_pictures_within_html_are_marked_and_no_words_below_them_are_lost() -> None:
    digits = b64encode(b"\x89PNG" + b"x" * 600_000).decode()
    pixel = b64encode(b"GIF89a\x01\x00\x01\x00").decode()
    html = f'<p>A<img src="data:image/png;base64,{digits}"><img alt="" src="data:image/gif;base64,{pixel}">'
    html += f'<img src="data:image/svg+xml;utf8,%3Csvg xmlns=x%3E"><a href="data:a/b;base64,{digits}">B</a>'
    assert html_to_text(html.replace(" xmlns=x", "%20xmlns%3Dx" * 2)) == ("A[picture][picture]B <data:a/b,…>")
    data_files = DataFiles()
    assert html_to_text(without_data(html + "<p>LAST", data_files)).endswith("LAST")
    assert [(each.name, len(each.content)) for each in data_files.files.values()] == [
        ("picture-1.png", 600_004)
    ]
    wrapped = "\n".join(digits[n : n + 76] for n in range(0, 760, 76))
    text = without_data(f"![a](data:image/png;base64,{wrapped}) and data:image/png;base64,{digits}\nLAST")
    assert text == "![a](data:image/png,…) and data:image/png,…\nLAST"


def test_lines_that_a_style_keeps_are_lines() -> None:
    for style in ("pre", "pre-wrap", "pre-line", "break-spaces"):
        html = f'<div style="color:red; white-space: {style}">a: 1\n  b: 2<p style="white-space:normal">c\nd'
        assert html_to_text(f"{html}</p></div>e\nf") == "a: 1\n  b: 2\n\nc d\n\ne f"


def test_what_only_outlook_hides_is_shown() -> None:
    html = '<!--[if mso]>x<![endif]--><a href="https://a.example/1" style="mso-hide:all">Approve</a>'
    assert html_to_text(html) == "Approve <https://a.example/1>"


def test_answers_in_a_colour_stand_outside_of_the_quotation() -> None:
    for colour in (
        'style="color:red"',
        'style="margin:0;color: #00F"',
        'color="#c00000"',
        "style=color:rgb(0,176,80)",
    ):
        answer = f"<font {colour}>Model <b>X200</b></font>"
        html = f"<blockquote>Which model?<br>{answer}<br>Since <span {colour}>when</span>?</blockquote>"
        assert html_to_text(html) == "> Which model?\n> Model X200\n> Since when?"
        assert html_to_text(html, with_answers=True) == "> Which model?\nModel X200\n> Since when?"
        quoted = f"<blockquote><span {colour}>One<br>Two</span></blockquote>"
        assert html_to_text(quoted, with_answers=True) == "> One\n> Two"
    for colour in ("black", "windowtext", "#333", "rgb(34,34,34)"):
        html = f'<blockquote>One<br><p style="color:{colour};background-color:red">Two</p></blockquote>'
        assert html_to_text(html, with_answers=True) == "> One\n>\n> Two"


def test_answers_that_are_marked_in_another_way_stand_outside_of_the_quotation() -> None:
    style = "<style>p.own, .mine { color: green } .bold {font-weight:700}</style>"
    for begin, end in {
        "<mark>": "</mark>",
        "<b>": "</b>",
        '<span style="background:yellow;mso-highlight:yellow">': "</span>",
        '<span style="font-weight:bold">': "</span>",
        '<span class="x mine">': "</span>",
        "<span class=bold>": "</span>",
        '<p class=own style="margin:0">': "</p>",
        '<span style="color:#1F497D">': "</span>",
        "<font color=navy>": "</font>",
    }.items():
        html = f"{style}<blockquote>Which model is it?<br>{begin}X200{end}<br>Since when?</blockquote>"
        lines = html_to_text(html, with_answers=True).replace("\n>\n", "\n").split("\n")
        assert [line for line in lines if line] == ["> Which model is it?", "X200", "> Since when?"], begin
    # The person who is quoted writes so.
    for begin in ("<b>", '<span style="color:#1F497D">'):
        html = f"<blockquote>{begin}A long line of words<br>Another line</blockquote>Older"
        assert "> Another line" in html_to_text(f"<blockquote>x{html}</blockquote>", with_answers=True)
    ended = "<blockquote>Which model? <mark>X200</mark></blockquote>"
    assert html_to_text(f"<blockquote>Hello</blockquote>{ended}", with_answers=True).endswith("model? X200")


def test_nested_lists_are_indented_and_what_is_quoted_has_marks() -> None:
    html = "<ul><li><p>one</p></li><li>two<ul><li>in<ol><li>deep</ol></ul>on</ul>He said <q>no</q>"
    assert html_to_text(html) == "- one\n\n- two\n  - in\n    1. deep\non\n\nHe said “no”"


def test_elements_that_stand_apart_are_lines() -> None:
    html = "<details><summary>Stack trace</summary>Error 7</details><fieldset><legend>Host</legend>db1"
    assert html_to_text(html).splitlines() == ["Stack trace", "Error 7", "Host", "db1"]
