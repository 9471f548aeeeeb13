-- How many rows are set aside still by table, column and kind of reason, most first, with one reason as an example.
select "table", "column", kind, count(*) as row_count, min(reason) as example
from ({{kinds}})
group by "table", "column", kind
order by row_count desc, "table", "column" nulls last, kind
