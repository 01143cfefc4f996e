"""One module a resource: each only reads its arguments, asks the archive or the search, and hands over to presenters."""
