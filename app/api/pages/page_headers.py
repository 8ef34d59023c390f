"""Headers of HTML pages: a strict content security policy, and no external resources (pure)."""

from __future__ import annotations

#: Only our own resources: no inline script or style, and no other site may frame the page.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
#: The same for pages that have forms and run scripts.
SCREEN_POLICY = POLICY.replace("form-action 'none'", "form-action 'self'")
#: The same for pages with a form, which run no script.
FORM_POLICY = SCREEN_POLICY.replace("script-src 'self'", "script-src 'none'")
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
}
