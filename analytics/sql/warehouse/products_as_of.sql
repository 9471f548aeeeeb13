-- products keep one state only, the latest: it is shown whatever the day.
select * from before.products
