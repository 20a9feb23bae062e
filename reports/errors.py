"""The error that the person at the keyboard can mend."""


class ReportError(Exception):
    """A sentence that says what is wrong with the file."""
