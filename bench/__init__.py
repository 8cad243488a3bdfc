"""What the service is worth, measured side by side: every figure of the README."""
