"""The sample as the API of a kind of platform other than MetaTrader."""

from dataclasses import replace

from platforms.connectors.tests.added.sample_desk import CONNECTOR as SAMPLE

CONNECTOR = replace(SAMPLE, name="desk-api", kind="desk")
