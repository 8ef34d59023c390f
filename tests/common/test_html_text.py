"""HTML becomes the text that a person sees, and none of what they see is lost."""

from __future__ import annotations

from time import process_time

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


def test_a_field_shows_what_was_written_in_it_as_it_is() -> None:
    assert html_to_text("<p>Code:<textarea>a <b> &lt;\n<!-- c</textarea>.") == "Code:a <b> <\n<!-- c."


def test_elements_without_end_are_read_in_time_that_grows_with_their_number() -> None:
    begun = process_time()
    for tag in ("<title>", "<title><body>", "<textarea>", "<style>", "<!--", "<style></style>"):
        html_to_text(tag * 20_000)
    assert process_time() - begun < 3
