-- A person is customer_unique_id; customer_id is one a purchase. The region is that of the person's first line.
select
    customer_unique_id as buyer_id,
    first(customer_state order by _line) as region,
    first(_file order by _line) as _file,
    min(_line) as _line
from raw_customers
group by customer_unique_id
