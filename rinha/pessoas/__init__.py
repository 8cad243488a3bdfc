"""Edition `pessoas`, the contest's 2023/Q3: people, found by id or by a part of a word."""
