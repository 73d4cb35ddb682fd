"""The Admin portal: server-rendered pages, and a client of the public HTTP interface like any other."""
