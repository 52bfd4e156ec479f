"""The queue of ids that facts of the warehouse have and no record stands for yet.

`warehouse` reads them, `refresh` keeps them here, `candidates` finds what they may stand for, and
`decisions` turns what people decide into change requests. Nothing is mapped by itself.
"""
