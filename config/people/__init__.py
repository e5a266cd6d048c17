"""What concerns a person in every app: ending an account, restoring it, staff's view of people."""
