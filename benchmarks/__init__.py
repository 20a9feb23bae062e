"""How fast the connector is beside the floors and the tools a user would otherwise take: `python -m benchmarks`."""
