"""What a recording is like before any stage runs: statistics of its views, and the words of `scanproc inspect`."""
