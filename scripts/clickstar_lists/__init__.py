"""The lists behind the general invalid traffic rules, refreshed from well-kept public packages.

Modules:

``packages``  downloads of packages, read without installing them
``patterns``  regular expressions written out as plain texts
``bots``      seeds/user_agent_patterns.csv
``networks``  seeds/data_centre_networks.csv
``seeds``     rows of a seed with the rule versions in which they hold
"""
