"""The only door from pages and commands to analytics and llm, one module a job; caching lives here, keyed by snapshot id."""
