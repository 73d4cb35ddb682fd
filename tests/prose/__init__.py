"""The words of documents and texts."""
