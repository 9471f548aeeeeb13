"""Where mart SQL runs. An engine takes mart files and gives back tables or Parquet; it knows no metric."""
