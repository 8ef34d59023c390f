"""Finding records by what is said in them, in Chinese and English."""
