# Airbyte's base for Python connectors: Debian, CPython 3.11 in /usr/local, pip, and a user called airbyte.
ARG BASE_IMAGE=docker.io/airbyte/python-connector-base:4.0.2@sha256:9fdb1888c4264cf6fee473649ecb593f56f58e5d0096a87ee0b231777e2e3e73
FROM ${BASE_IMAGE}

WORKDIR /airbyte/integration_code

# A layer of its own: it is nearly all of the size and seldom changes. The list is complete, so --no-deps applies:
# with all dependencies of airbyte-cdk, the image would be nearly twice as large (see .ci/lock).
COPY requirements.txt ./
RUN pip install --no-cache-dir --no-deps -r requirements.txt

COPY setup.py pyproject.toml README.md main.py ./
COPY loxo_api ./loxo_api
COPY loxoctl ./loxoctl
COPY source_loxo ./source_loxo
COPY destination_loxo ./destination_loxo
RUN pip install --no-cache-dir --no-deps . \
    && rm -r build loxo_api loxoctl source_loxo destination_loxo *.egg-info pyproject.toml README.md

USER airbyte
ENV AIRBYTE_ENTRYPOINT="python /airbyte/integration_code/main.py"
ENTRYPOINT ["python", "/airbyte/integration_code/main.py"]

LABEL io.airbyte.name="airbyte/source-loxo"
LABEL io.airbyte.version="0.1.0"
