"""Words: summaries, replies, themes and triage. Knows no Streamlit, no DuckDB, no analytics."""
