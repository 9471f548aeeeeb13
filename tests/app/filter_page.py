"""A page for test_filters.py: the filter bar, a switch that hides it, and a button that changes a filter."""

import streamlit as st

from app import filter_bar
from tests.app.test_filters import OPTIONS

hidden = st.checkbox("a page without filters")
filters = filter_bar.restore_filters(OPTIONS, "s1", page="data" if hidden else "trust", is_shown=not hidden)
if not hidden:
    filters = filter_bar.draw_filters(OPTIONS)
filter_bar.write_url(filters, OPTIONS)
st.markdown(filters.describe(OPTIONS.merchants))
st.button("only Lotus", on_click=filter_bar.change_filters, kwargs={"merchants": ("m1",)})
