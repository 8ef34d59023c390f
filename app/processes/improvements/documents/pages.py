"""The documents of improvements as pages fit to print on A4: the proposal, the report of a pilot, and the
hand-over, with the figures that they rest on (pure).
"""

from __future__ import annotations

from app.foundation.documents.pages import PrintedPage
from app.foundation.documents.pages import page_of as document_page
from app.foundation.documents.records import DocumentClass, Heading
from app.html.wording import Wording
from app.processes.improvements.documents.printed import PrintedImprovement
from app.processes.improvements.pilot.records import FeedbackStance

#: The table of the sentences on these pages.
TABLE = "improvement_page"
#: The template of each document; others are their text only.
TEMPLATES = {
    DocumentClass.PP: "processes/improvements/documents/proposal.html",
    DocumentClass.PL: "processes/improvements/documents/pilot_report.html",
    DocumentClass.HO: "processes/improvements/documents/hand_over.html",
}
TEXT_ONLY = "foundation/documents/document.html"


def page_of(printed: PrintedImprovement, language: str) -> PrintedPage:
    """Return the page of the document."""
    return document_page(
        TEMPLATES.get(printed.document.document_class, TEXT_ONLY),
        printed.document,
        Wording(language, TABLE),
        printed=printed,
        decisions=printed.decisions,
        signatures=printed.signatures,
        Heading=Heading,
        FeedbackStance=FeedbackStance,
    )
