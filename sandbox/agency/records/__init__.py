"""The generated records, one module for each object.

Each class computes a record from the agency and a row number: `list_item` for lists, `full_record` for a single record.
In both, `bits` and `high_bits` are the pseudo-random bits of the row; each field uses some of them.
"""
