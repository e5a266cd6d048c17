"""The studio: the admin site over every table."""
