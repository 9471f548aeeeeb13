-- How often each dimension of the detailed rating was rated at all.
select dimension, count(*)::bigint as rating_count
from fct_survey
where survey = 'dsr' and dimension is not null
group by dimension
