-- Stored rows of a table that is kept in one piece.
create or replace temp view stored_whole as
select * from stored_{{table}}
