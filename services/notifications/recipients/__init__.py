"""Recipients: replicas of users and organizations from events of their owners."""
