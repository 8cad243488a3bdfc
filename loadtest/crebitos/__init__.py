"""The edition crebitos, the contest of 2024/Q1."""
