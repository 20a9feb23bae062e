"""source-loxo: a whole Loxo account (recruiting ATS and CRM) for Airbyte."""

from source_loxo.source import SourceLoxo

__all__ = ["SourceLoxo"]
