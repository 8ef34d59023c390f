"""Effects of improvements: they are measured and evaluated, and their benefit is measured again."""
