"""Deleting an account: access ends at once, a day to think, then everything is erased but what the law keeps."""
