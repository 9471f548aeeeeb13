"""For a server started with this folder on its path: five merchants are as many as thousands, so that the map is drawn on a canvas."""

import app.charts.merchants

app.charts.merchants.MANY = 5
