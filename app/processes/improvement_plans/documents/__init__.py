"""The annual plan as a document, for the page and for print."""
