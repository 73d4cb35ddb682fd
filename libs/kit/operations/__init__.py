"""What operators see and use: status, metrics, dead letters and the operator log."""
