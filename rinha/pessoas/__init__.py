"""The edition of 2023/Q3: people, found by their id or by a word of theirs."""
