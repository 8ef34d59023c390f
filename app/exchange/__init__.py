"""History in and out: files of other systems, read into events and written from them."""
