"""Operations of the service itself: pages, metrics, health, uploads, the caller, the feed of the log."""
