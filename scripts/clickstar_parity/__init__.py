"""Two or more warehouses compared row by row: what `make parity` and the tests both use."""
