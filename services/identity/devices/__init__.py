"""Browsers that users signed in with before."""
