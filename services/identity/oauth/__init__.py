"""OAuth 2.0 and OpenID Connect, one module for each endpoint and each grant.

Keys, signatures and JWTs come from joserfc; the steps of the protocols are ours: see docs/decisions.
"""
