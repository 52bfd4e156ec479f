"""The benchmark: one module per part, and what the parts share (``measure``, ``page``, ``dbt``)."""
