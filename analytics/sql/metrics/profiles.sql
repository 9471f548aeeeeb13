-- What merchants are, in the words that a person groups and filters by.
select {group_columns}p.merchant_id
from merchant_profile as p
