-- Rows of a table that are set aside still and whose reason matches a pattern, or does not: the first $row_limit.
select load_id, source, "table", file, line, "column", reason, raw, row_id
from quarantine
where
    settled_by is null
    and "table" = $table_name
    and regexp_matches(reason, $pattern) = $is_matching
limit $row_limit
