"""Loads landing files into the raw schema, accounting for every record of every file.

The modules read like the work:

``settings``   where the landing folder, the contracts and the warehouse are
``contract``   what each source promises (``models/staging/<source>/_<source>__sources.yml``)
``discover``   which files there are, and which table each belongs to
``content``    reading a file's bytes, plain or compressed, and proving that they are whole
``records``    cutting the bytes into records, without judging them
``fields``     the SQL that takes the fields out of a record, per format
``columns``    the SQL that types the fields, rejects what does not fit and hides personal data
``load``       one file, one transaction: rows, rejects and the ledger
``ledger``     which files are there already, and what a changed or repeated file means
``warehouse``  the interface of an engine; there is a ``warehouse_<engine>`` for each
``user_agents`` the devices behind the distinct user agents
``report``     what the person at the terminal, or the machine behind it, reads
"""
