"""Airbyte's standard tests take their scenarios through this plugin; pytest wants it named at the root."""

pytest_plugins = ["airbyte_cdk.test.standard_tests.pytest_hooks"]
