"""The map of a large marketplace is a canvas: its points are no elements, and are clicked all the same."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from app.bench.browser import served, settle

pytestmark = pytest.mark.browser
FEW_POINTS = Path(__file__).parent / "few_points"
# The last point of the last trace, which is drawn over all others, in pixels from the page's top left corner.
PLACE = """chart => {
    const {xaxis, yaxis} = chart._fullLayout, trace = chart._fullData.at(-1), box = chart.getBoundingClientRect();
    return [box.x + xaxis._offset + xaxis.l2p(trace.x.at(-1)), box.y + yaxis._offset + yaxis.l2p(trace.y.at(-1))];
}"""


@pytest.fixture
def canvas_url(demo_warehouse: Path, tmp_path: Path) -> Iterator[str]:
    path = os.pathsep.join([str(FEW_POINTS), *filter(None, [os.environ.get("PYTHONPATH")])])
    with served(demo_warehouse, tmp_path / "workspace", environment={"PYTHONPATH": path}) as url:
        yield url


def test_a_click_on_a_point_of_the_canvas_opens_the_merchant(canvas_url: str, page: Page) -> None:
    page.goto(canvas_url)
    settle(page)
    chart = page.locator(".js-plotly-plot").first
    expect(chart.locator("canvas").first).to_be_visible()
    expect(chart.locator(".scatterlayer path.point")).to_have_count(0)
    x, y = chart.evaluate(PLACE)
    page.mouse.move(x - 3, y)
    page.mouse.move(x, y, steps=3)
    expect(chart.locator(".hovertext").first).to_be_visible()
    page.mouse.click(x, y)
    expect(page.get_by_role("heading", name="Merchant", level=1)).to_be_visible()
    expect(page).to_have_url(re.compile("merchant="))
