"""PostgreSQL: connections with deadlines, one transaction per call, leases."""
