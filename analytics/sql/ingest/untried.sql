-- How many rows are set aside that a replay has not tried.
select count(*) as row_count
from quarantine
anti join read_parquet({{tried}}) as tried using (row_id)
where quarantine.settled_by is null
