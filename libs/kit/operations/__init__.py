"""What operators see and use: status, gauges, dead letters, the command line of a service."""
