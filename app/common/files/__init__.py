"""Content of files and mails that people send: media types, sizes, HTML as text, parsing within bounds."""
