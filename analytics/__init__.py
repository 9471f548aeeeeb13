"""Numbers: warehouse, metrics, trust, satisfaction and what-if. Knows no Streamlit, no torch, no llm."""
