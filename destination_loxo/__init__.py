"""The Airbyte destination: records of any source become writes to Loxo, over `loxo_api.writing`."""
