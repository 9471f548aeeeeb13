-- What is to be loaded: staged rows without a verdict.
create or replace temp view fresh as
select staged.*
from staged
anti join verdict using (_part, _row)
