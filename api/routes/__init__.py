"""One module a resource: it reads its arguments, asks the archive or the search, and hands over to presenters."""
