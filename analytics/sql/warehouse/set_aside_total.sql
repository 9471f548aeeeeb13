-- How many rows all the pages of set_aside_page.sql hold.
select count(*) as row_count
from ({{kinds}})
where {{found}}
