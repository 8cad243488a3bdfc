"""Checks of the contract, rule by rule."""
