"""Readers of the forms that a recording comes in, one file a form: how it is recognised, opened, read and written.

`forms.py` has one row a form, and `scan.py` is the only one that uses them. Beside them `scan.toml`, which states the
facts of a scan in any form, and the outline of a shoe's insole, which comes with a prescription.
"""
