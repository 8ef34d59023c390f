"""What holds for each request: its bounds, headers, language, repetitions and failures."""
