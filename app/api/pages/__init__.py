"""The ground of pages for people: their paths, their headers, their refusals, and what their forms send."""
