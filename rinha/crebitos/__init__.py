"""The edition of 2024/Q1: clients, their transactions and statements."""
