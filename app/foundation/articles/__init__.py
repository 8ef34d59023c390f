"""Articles of knowledge: their tables, which every ticket links to."""
