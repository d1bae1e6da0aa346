"""One pure function a file: artifacts in, settings last, one artifact out."""
