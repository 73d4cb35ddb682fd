"""What the connectors of the Manager APIs share."""
