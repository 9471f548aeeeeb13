"""Where a page is scrolled to: a marked message comes into view, a thread that is opened begins at its beginning.

The browser's part is handed names of ours, never anything that somebody wrote.
"""

from __future__ import annotations

import streamlit as st

# A page that is drawn again without a new wish is left where its reader scrolled it to.
_scroll = st.components.v2.component(
    "trustdesk.scroll",
    js="""
export default function ({ data, parentElement }) {
  if (parentElement.wish === data.wish) return
  const found = document.querySelector(".st-key-" + data.target)
  if (!found) return
  parentElement.wish = data.wish
  if (data.is_top) {
    for (let each = found; each; each = each.parentElement) each.scrollTop = 0
  } else {
    found.scrollIntoView({ block: "nearest", behavior: "smooth" })
  }
}
""",
)


def scroll_to(target: str, wish: int, *, key: str) -> None:
    """Bring the container with the key `target` into view, once for each `wish`."""
    _scroll(data={"target": target, "wish": wish, "is_top": False}, key=key, height=1)


def show_from_top(target: str, wish: str) -> None:
    """Scroll all that the container with the key `target` stands in back to its beginning, once for each `wish`."""
    _scroll(data={"target": target, "wish": wish, "is_top": True}, key=f"{target}.scroll", height=1)
