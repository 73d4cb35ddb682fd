"""PostgreSQL: connections with deadlines, one transaction per call, leases, notifications and background workers."""
