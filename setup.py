from setuptools import find_packages, setup

# Only what `read` needs: the image installs nothing else.
RUNTIME = [
    "airbyte-cdk>=7.39,<8",  # the Airbyte protocol, the concurrent core, HttpClient
    "pyroaring>=1,<2",  # sets of record ids in a few bits each
    "orjson>=3.10,<4",  # decodes a page several times faster than the standard library; the CDK uses it too
    "pendulum>=3,<4",  # dates that people type and servers send
    "requests>=2.32,<3",  # what the CDK's HttpClient speaks through
    "tenacity>=8.2,<10",  # retries with jitter
    "urllib3>=2.6,<3",  # read1: a body can be bounded in size and time; since 2.6 also a compressed one
]
SANDBOX = [
    "aiohttp>=3.10,<4",  # the sandbox's server
    "orjson>=3.10,<4",
]
DEMO = [
    *SANDBOX,
    "airbyte>=0.71,<0.72; python_version < '3.13'",  # PyAirbyte, Airbyte's own client; it has no 3.13 release
    "rich>=13,<16",  # the table at the end
]
TESTS = [
    *DEMO,
    "airbyte-cdk[dev]>=7.39,<8",  # Airbyte's standard tests
    "airbyte-connector-models>=0.1.12,<0.2; python_version < '3.13'",  # Airbyte's schema of metadata.yaml
    "build>=1.2,<2",  # wheel and sdist
    "detect-secrets>=1.5,<2",  # the secrets scan
    "hypothesis>=6,<7",  # properties over generated input
    "loxo-cli==0.8.0; python_version >= '3.11'",  # a Loxo client by others: the judge of the sandbox
    "mypy>=1.10,<3",
    "pytest>=7.4,<8",  # the version that the standard tests are written for
    "pytest-xdist>=3.2,<4",  # tests on all cores
    "ruff>=0.6,<1",
    "types-requests>=2.32,<3",
]

setup(
    name="airbyte-source-loxo",
    version="0.1.0",
    description="Airbyte source for Loxo, the recruiting ATS and CRM: every object, incremental, reconciled",
    license="MIT",
    python_requires=">=3.10,<3.14",
    packages=find_packages(
        include=["loxo_api", "loxo_api.*", "source_loxo", "source_loxo.*", "destination_loxo", "destination_loxo.*"]
    ),
    package_data={"source_loxo": ["spec.yaml", "schemas/*.json"], "destination_loxo": ["*.yaml"]},
    install_requires=RUNTIME,
    extras_require={"sandbox": SANDBOX, "demo": DEMO, "tests": TESTS},
    entry_points={
        "console_scripts": ["source-loxo=source_loxo.run:run", "destination-loxo=destination_loxo.run:run"],
    },
)
