"""What pages say, in four languages, and the HTML that they say it in, which needs nothing else."""
