"""Try it free: from a form and a mailed link to an account on trial, ready to take its first alert."""
