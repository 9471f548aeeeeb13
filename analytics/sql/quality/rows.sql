-- Some of the rows that fail a check, whichever come first.
select {{columns}}
from (
{{relation}}
)
where ({{of}}) and ({{bad}})
limit {{limit}}
