"""Who a person or a program is: accounts, sessions, OAuth 2.0 and OpenID Connect, clients."""
