-- How many buyers ordered, up to a day.
select count(*) as buyer_count from (select buyer_id from buyer_purchase where ordered_at < $before group by buyer_id) as buyers
