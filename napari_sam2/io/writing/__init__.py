"""Results out: labels, tables and tracks, in the formats that others read."""
