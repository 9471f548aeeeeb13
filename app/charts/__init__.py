"""Pure functions from results to Plotly figures, in one theme."""
