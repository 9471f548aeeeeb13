-- Sums of measures per group, without the moments of an interval: where a group is one merchant, or only values are drawn.
with total as (
    select {group_columns}{sums}
    from ({window}) as w
    {profiles}
    where true {filters}
    group by all
)

select {keys}{totals}
from total
