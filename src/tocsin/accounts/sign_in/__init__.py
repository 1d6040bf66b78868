"""Sign-in: passwords, second factors, passkeys, sessions, throttling."""
