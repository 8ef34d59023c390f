"""The form of a template: a TOML or JSON document, checked as a whole before anything is evaluated."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from app.expressions.language import LONGEST_EXPRESSION

LARGEST_TEMPLATE = 20_000
MOST_HEADERS = 20
MOST_FIELDS = 50
#: Headers that a template has keys of its own for, that the connection needs, or that would speak for others.
RESERVED_HEADERS = frozenset(
    {
        *("authorization", "proxy-authorization", "cookie", "cookie2", "host", "user-agent"),
        *(
            "content-type",
            "content-length",
            "content-encoding",
            "transfer-encoding",
            "connection",
            "keep-alive",
        ),
        *("expect", "te", "trailer", "upgrade", "forwarded", "via"),
    }
)
RESERVED_PREFIXES = ("proxy-", "sec-", "x-forwarded-")


def _check_header_name(name: str) -> str:
    if name in RESERVED_HEADERS or name.startswith(RESERVED_PREFIXES):
        raise ValueError(
            f"the header {name} cannot be set; use the keys authorization and content_type for these"
        )
    return name


ExpressionText = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_EXPRESSION)]
HeaderName = Annotated[
    str,
    StringConstraints(to_lower=True, pattern=r"^[a-zA-Z][a-zA-Z0-9_-]{0,59}$"),
    AfterValidator(_check_header_name),
]
FieldName = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$")]
Fields = Annotated[dict[FieldName, ExpressionText], Field(max_length=MOST_FIELDS)]
ContentType = Annotated[
    str,
    StringConstraints(
        pattern=r"^[a-z]{1,20}/[a-z0-9.+-]{1,60}(; ?[a-z]{1,20}=[A-Za-z0-9-]{1,40})?$", max_length=140
    ),
]


class TemplateDocument(BaseModel):
    """A template. All but `method`, `authorization` and `content_type` are expressions.

    The body is one of `json` (a value), `form` (fields, sent as a form) and `text`. `authorization` defines
    how the secret of the subscription is shown: as `user:password` or as a token. `success` decides whether a
    response with a status from 200 to 299 is a success; without it, it is.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    method: Literal["GET", "POST", "PUT", "PATCH"] = "POST"
    authorization: Literal["basic", "bearer"] | None = None
    content_type: ContentType | None = None
    query: Fields = {}
    headers: Annotated[dict[HeaderName, ExpressionText], Field(max_length=MOST_HEADERS)] = {}
    json_: Annotated[ExpressionText | None, Field(alias="json")] = None
    form: Fields | None = None
    text: ExpressionText | None = None
    success: ExpressionText | None = None

    @model_validator(mode="after")
    def check_body(self) -> Self:
        """Refuse several bodies, a missing body where one is needed, and one with GET."""
        bodies = [name for name in ("json", "form", "text") if self.body_of(name) is not None]
        if len(bodies) > 1:
            raise ValueError(f"choose one body: json, form or text, not {' and '.join(bodies)}")
        if self.method == "GET" and (bodies or self.content_type is not None):
            raise ValueError("a GET request has no body; put the fields under query")
        if self.method != "GET" and not bodies:
            raise ValueError("a body is needed: json, form or text")
        if self.content_type is not None and self.form is not None:
            raise ValueError("leave content_type out for a form")
        return self

    def body_of(self, name: str) -> str | dict[str, str] | None:
        """Return the body of that key; None: it is another."""
        body: str | dict[str, str] | None = self.json_ if name == "json" else getattr(self, name)
        return body
