"""The master records, their history, and the triggers that write it."""
