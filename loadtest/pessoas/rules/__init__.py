"""The contract, asked rule by rule."""
