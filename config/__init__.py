"""What knows every app: settings, the list of all addresses, studio, operations."""
