"""Nothing that is said of a person, or by one, outlives their erasure: a marked word in every text that comes
in, through every way in; then everybody is erased, and the words are looked for wherever anything is stored.
"""
