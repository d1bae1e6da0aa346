"""Pure functions on arrays: no files, no settings objects, no open3d types."""
