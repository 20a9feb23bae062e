"""The ways through Loxo's lists. Each is a generator of pages that ends, or raises, whatever a server answers."""
