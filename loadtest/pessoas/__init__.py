"""The edition of 2023/Q3: who is sent, and what may be answered."""
