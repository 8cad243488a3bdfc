"""The commands and the rulebook that all editions share."""
