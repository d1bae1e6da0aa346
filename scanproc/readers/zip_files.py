"""What a damaged ZIP makes Python's reader raise: it checks little of what an archive says of itself."""

import struct
import zipfile
import zlib

ZIP_ERRORS = (
    zipfile.BadZipFile, zlib.error, struct.error, KeyError, ValueError, OSError, EOFError, RuntimeError,
    NotImplementedError,
)  # fmt: skip
