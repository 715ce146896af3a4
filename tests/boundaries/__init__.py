"""Boundary cases generated from the knowledge files, and a second reading of them to say what is expected."""
