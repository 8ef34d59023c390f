"""Service reports of agreements: computed for a period, issued, and shown as JSON and as a page to print."""
