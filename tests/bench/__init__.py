"""Measurements of the figures that this project sets itself; nothing here is a test, since machines differ."""
