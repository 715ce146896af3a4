"""One file a chain: when its members merge, and at what level."""
