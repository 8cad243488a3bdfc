"""The processes of a contender, their limits, their usage, and the machine they run on."""
