-- Of one relation, in one pass: how many rows each check looks at, and how many of them fail it.
select
    {{counts}}
from (
{{relation}}
)
