"""Data of earlier releases, one folder for each, made at its release by `python -m tests.upgrades.make`.

A folder holds a dump of each service's database as compressed SQL, the master keys it was made with, which open nothing
else, and expected.json: what must be found in it, by every later release.
"""
