"""HTTP: request middleware, problem answers, pagination, idempotency, CSRF guard, OpenAPI."""
