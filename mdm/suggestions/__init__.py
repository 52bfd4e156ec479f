"""Which master record an unmapped id of a network may stand for.

`names` makes spellings comparable, `suggest` ranks master records. Nothing here maps anything: a
person decides, and every decision becomes an alias that the next suggestion uses.
"""
