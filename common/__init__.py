"""Shared building blocks; imports none of the apps."""
