"""What {{name}} is for, in one sentence."""

from {{module}}.greeting import greet

__all__ = ["greet"]
