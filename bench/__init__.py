"""What the service costs, measured beside references."""
