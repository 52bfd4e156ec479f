"""The way of master data into the warehouse, and from there into an empty portal."""
