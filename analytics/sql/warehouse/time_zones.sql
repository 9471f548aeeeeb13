-- The zones that DuckDB knows by name; Factory stands for a clock that nobody has set.
select name from pg_timezone_names() where name <> 'Factory'
