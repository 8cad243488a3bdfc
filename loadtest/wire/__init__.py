"""One request and one answer."""
