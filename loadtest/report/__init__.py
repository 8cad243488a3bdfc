"""What came of it: as data, as text, as a page, as pass or fail."""
