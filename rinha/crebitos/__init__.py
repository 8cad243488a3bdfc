"""Edition `crebitos`, the contest's 2024/Q1: clients, their transactions and statements."""
