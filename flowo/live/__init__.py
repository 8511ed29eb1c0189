"""What browsers hear: the stream, which is a query repeated when a run moved."""
