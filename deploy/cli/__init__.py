"""`tradehall`: what an operator types against the running system."""
