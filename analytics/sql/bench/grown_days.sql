-- The rows of {{mart}} of a marketplace with more events: each as often as the table `spread` says, on the days that it names.
select
    grown.merchant_id,
    spread.to_day as day,
    {{others}}
    columns(grown.* exclude ({{key}})) * spread.copies as '\0'
from before.{{mart}} as grown
join spread on spread.merchant_id = grown.merchant_id and spread.day = grown.day
