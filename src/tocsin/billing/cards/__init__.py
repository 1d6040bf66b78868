"""Cards as a rail: a provider keeps the card and charges it; what is owed, and when, is decided elsewhere."""
