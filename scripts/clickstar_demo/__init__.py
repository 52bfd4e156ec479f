"""Deterministic, realistic landing files for demonstrations, tests and benchmarks.

`world` invents the brands, partners and placements; `agents` the browsers and bots; `seasons` the
days; `events` turns a click's number into a click by hashing (set-based SQL, no state); `formats`
writes a click the way each source would; `landing` delivers the files, late and twice where real
life does; `master_data` writes the history of the reference data; `world` and the truth agree.
"""
