"""The grants, one file each, on Authlib's framework-independent core."""
