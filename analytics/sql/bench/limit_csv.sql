-- What the engine needs to read the file at all, its dialect and types given: no checks, no duplicates, nothing written.
create table events as
select * from read_csv({{file}}, header = true, delim = ',', quote = '"', escape = '"', columns = { {{columns}} })
