"""Common treatment of each request: its bounds, headers, language, repetitions and failures."""
