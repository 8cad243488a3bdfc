"""The 2024/Q1 edition of the contest: what no other edition knows."""
