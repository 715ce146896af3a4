"""Tests: each mirrors a module."""
