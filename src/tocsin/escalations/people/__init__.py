"""People by the API: users, contacts, custom roles; and where a person takes part."""
