"""What knows every app: settings, the table of contents of the API, studio, operations."""
