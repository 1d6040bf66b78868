"""Rehearsal: the same engine on a virtual clock, on a scratch server."""
