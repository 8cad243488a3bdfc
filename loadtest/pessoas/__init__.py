"""The edition pessoas, the contest of 2023/Q3."""
