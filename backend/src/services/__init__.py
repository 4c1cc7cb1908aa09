"""What the service does. Each function takes a session first and leaves the transaction to its caller."""
