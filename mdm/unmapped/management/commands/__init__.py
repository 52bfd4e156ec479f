"""The commands: refresh_unmapped."""
