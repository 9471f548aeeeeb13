-- One page of the rows that are set aside still, the last load first, of a kind and table (null: any) that hold a text, case aside.
select *
from ({{kinds}})
where {{found}}
order by load_id desc, "table", file, line, row_id
limit $row_limit offset $row_offset
