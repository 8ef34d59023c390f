"""Write-back: what happens to a ticket here is written to the tool that it comes from, or is opened
there.
"""
