"""Commands for those who oversee the service: what it did, and whether something stopped."""
