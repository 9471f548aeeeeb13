-- What the engine needs to read the file at all: no checks, no duplicates, nothing written.
create table events as select * from read_csv({{file}})
