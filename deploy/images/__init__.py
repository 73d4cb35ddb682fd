"""Containers: addresses and paths inside them, as docker-compose.yml has them."""

SERVICE_PORT = 8000
"""The port of each service, in the container of its name."""
GATEWAY_PORT = 8080
POSTGRES = "postgres:5432"
NATS_PORT = 4222
NATS_STORE = "/var/lib/nats"
