"""Documents as people and machines read them: words, printed pages, EN 16931 XML, both in one, many in an archive.

`pdf` and `einvoice` load large libraries: import them where a document is made, never while a process starts.
"""
