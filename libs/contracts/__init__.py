"""The messages between Tradehall's services: events, requests and replies, and who may send them."""
