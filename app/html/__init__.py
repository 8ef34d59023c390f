"""Pages as HTML from templates that escape everything. No other package escapes text."""
