"""The commands: publish, adopt, start."""
