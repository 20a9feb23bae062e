"""Paginators for Loxo's lists. Each is a generator of pages that ends, or raises, with any server."""
