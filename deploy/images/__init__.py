"""Containers: where everything is inside them. docker-compose.yml names the same places."""

SERVICE_PORT = 8000
"""Where each service listens, in a container of its name."""
GATEWAY_PORT = 8080
POSTGRES = "postgres:5432"
NATS_PORT = 4222
NATS_STORE = "/var/lib/nats"
