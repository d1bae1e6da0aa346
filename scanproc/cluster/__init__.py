"""Work that is shared out over processes, of this machine or of others: the only importer of Dask."""
