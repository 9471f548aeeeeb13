"""What people and scripts touch: pages, commands and the workspace. The only composition root."""
