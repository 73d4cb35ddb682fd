"""The Admin portal: server-rendered pages on the public HTTP API."""
