"""A local stand-in of Loxo's public API with a generated recruiting agency behind it.

Used by the demo, the tests and the benchmarks. It knows nothing of the connector: it is written from Loxo's OpenAPI
document 1.2.5 and from what other public clients (loxo-cli, Ampersand's connector, loxo-mcp-server, Whippy) recorded
of the live service. What nobody has recorded is a setting (see `settings.py`), so that both answers can be played.
"""
