"""Two replicas of every service and three servers of the bus, killed, frozen and restarted."""
