"""The REST API: read master data, ask for changes, and decide on them, with a user's token."""
