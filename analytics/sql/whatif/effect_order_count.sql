-- How many merchant orders there are.
select count(*) as order_count from fct_order
