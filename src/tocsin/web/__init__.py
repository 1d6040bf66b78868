"""The shell that every page wears, and the files that pages are made of."""
