"""The one error that a user is meant to read."""


class ScanError(Exception):
    """A scan, a setting or a prescription that cannot be trusted, and is refused.

    The message is one sentence for each of: what was found, what was expected, what to do. It goes to
    standard error as it is. Anything else that is raised is a bug, and keeps its traceback.
    """
