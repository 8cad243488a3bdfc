"""The same for the edition of 2023/Q3: inserts, details, searches, its official run, and growth."""
