"""Loxo's HTTP API over an agency, and the control API beside it."""
