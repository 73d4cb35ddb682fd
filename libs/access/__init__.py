"""Access control shared by services: principals, replicas of permissions, and the permission check."""
