"""NATS: the connection, the relay of events, consumers with an inbox, dead letters, stream checks."""
