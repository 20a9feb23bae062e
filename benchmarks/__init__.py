"""The connector's speed beside the floors and the tools that a user would otherwise choose: `python -m benchmarks`."""
