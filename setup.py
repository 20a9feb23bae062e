from pathlib import Path

from setuptools import find_packages, setup

PACKAGES = ("destination_loxo", "loxo_api", "loxoctl", "source_loxo")

# Only what `read` needs: the image installs nothing else.
RUNTIME = [
    "airbyte-cdk>=7.39,<8",  # the Airbyte protocol, the concurrent core, HttpClient
    "filetype>=1.2,<2",  # the type of a file by its first bytes, without a library of the system
    "pyroaring>=1,<2",  # sets of record ids in a few bits each
    "orjson>=3.10,<4",  # decodes a page several times faster than the standard library; the CDK uses it too
    "pendulum>=3,<4",  # dates that people type and servers send
    "requests>=2.32,<3",  # HTTP; the CDK's HttpClient uses it too
    "tenacity>=8.2,<10",  # retries with jitter
    "urllib3>=2.6,<3",  # read1: a body can be bounded in size and time; since 2.6 also a compressed one
]
PROGRESS = [
    "rich>=13,<16",  # the progress bars of loxoctl, which has none without it, and the table at the end of the demo
]
SANDBOX = [
    "aiohttp>=3.10,<4",  # the sandbox's server
    "orjson>=3.10,<4",
]
DEMO = [
    *SANDBOX,
    *PROGRESS,
    "airbyte>=0.71,<0.72; python_version < '3.13'",  # PyAirbyte, Airbyte's own client; it has no 3.13 release
]
MODELS = [
    "dbt-core>=1.11,<1.12",  # 1.12 builds a part of itself from a download that a registry does not have
    "dbt-duckdb>=1.10,<1.12",  # DuckDB itself stays where PyAirbyte pins it, whose files newer versions change
    "dbt-postgres>=1.10,<1.12",
]
SPARK = [
    *MODELS,
    "dbt-spark[session]>=1.10,<1.12",  # a local Spark; needs a Java runtime
]
REPORT = [
    *MODELS,
    "duckdb>=1.4,<1.5",  # the version of the demo, so that its next run can open the file
    "jinja2>=3.1,<4",  # the page; dbt uses it too
    "pyyaml>=6,<7",  # the files of the charts; dbt uses it too
    "vl-convert-python>=1.7,<2",  # Vega-Lite charts as SVG without a browser or a network
]
# The tests of the models on every database: .ci/models.
WAREHOUSES = [
    *SPARK,
    "dbt-bigquery>=1.10,<1.12",  # compiles without a connection
    "dbt-databricks>=1.10,<1.12",
    "dbt-snowflake>=1.10,<1.12",
    "fakesnow>=0.11.4,<0.12",  # runs Snowflake's SQL on DuckDB; 0.12 needs a DuckDB that PyAirbyte excludes
    "sqlglot>=27,<31",  # translates BigQuery's SQL to DuckDB's
]
TESTS = [
    *DEMO,
    "airbyte-cdk[dev]>=7.39,<8",  # Airbyte's standard tests
    "airbyte-connector-models>=0.1.12,<0.2; python_version < '3.13'",  # Airbyte's schema of metadata.yaml
    "build>=1.2,<2",  # wheel and sdist
    "check-jsonschema>=0.34,<1",  # the published schemas of GitHub's files, and a validator
    "coverage>=7.10.3,<8",  # make coverage; subprocesses are measured since 7.10
    "detect-secrets>=1.5,<2",  # the secrets scan
    "hypothesis>=6,<7",  # properties over generated input
    "import-linter>=2.6,<2.7",  # the import contracts; 2.7 needs a version of rich that PyAirbyte excludes
    "loxo-cli==0.8.0; python_version >= '3.11'",  # a Loxo client by others: the judge of the sandbox
    "mypy>=1.10,<3",
    "pytest>=7.4,<8",  # the version that the standard tests are written for
    "pytest-xdist>=3.2,<4",  # tests on all cores
    "ruff>=0.6,<1",
    "trustme>=1.2,<2",  # certificates for the tests of https
    "types-requests>=2.32,<3",
]

PYTHONS = ["3.10", "3.11", "3.12", "3.13"]

setup(
    name="airbyte-source-loxo",
    version="0.1.0",
    description="Airbyte source for Loxo, the recruiting ATS and CRM: every object, incremental, reconciled",
    long_description=(Path(__file__).parent / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    author="The source-loxo project",
    license_expression="MIT",
    project_urls={
        "Documentation": "https://docs.airbyte.com/integrations/sources/loxo",
        "Loxo API reference": "https://loxo.readme.io/reference/loxo-api",
    },
    classifiers=[
        "Development Status :: 3 - Alpha",
        "Intended Audience :: Developers",
        "Operating System :: MacOS",
        "Operating System :: POSIX :: Linux",
        *(f"Programming Language :: Python :: {version}" for version in PYTHONS),
        "Topic :: Database",
        "Typing :: Typed",
    ],
    python_requires=">=3.10,<3.14",
    packages=find_packages(include=[f"{name}{below}" for name in PACKAGES for below in ("", ".*")]),
    package_data={
        "destination_loxo": ["py.typed", "*.yaml"],
        "loxo_api": ["py.typed", "schemas/*.json"],
        "loxoctl": ["py.typed"],
        "source_loxo": ["py.typed", "schemas/*.json", "spec.yaml"],
    },
    install_requires=RUNTIME,
    extras_require={
        "progress": PROGRESS,
        "sandbox": SANDBOX,
        "demo": DEMO,
        "models": MODELS,
        "report": REPORT,
        "spark": SPARK,
        "tests": TESTS,
        "warehouses": WAREHOUSES,
    },
    entry_points={
        "console_scripts": [
            "destination-loxo=destination_loxo.run:run",
            "loxoctl=loxoctl.cli:run",
            "source-loxo=source_loxo.run:run",
        ]
    },
)
