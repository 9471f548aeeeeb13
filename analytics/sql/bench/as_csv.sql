-- The same rows in the same order as CSV.
copy (select * from read_parquet({{source}})) to {{target}} (format csv, header)
