"""Watching: merchants' unusual days with false-discovery control, and forecasts with intervals. Numbers only."""

from analytics.watch.anomalies import DEFAULT_Q, WATCHED, Anomaly, anomalies, anomaly_record
from analytics.watch.forecast import forecast

__all__ = ["DEFAULT_Q", "WATCHED", "Anomaly", "anomalies", "anomaly_record", "forecast"]
