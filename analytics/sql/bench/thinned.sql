-- A share {{share}} of the rows of {{fact}}, those of an order together; which ones, the seed {{seed}} says.
create view {{fact}} as
select * from before.{{fact}}
where hash(coalesce(order_id, {{own_id}}), {{seed}}) / 18446744073709551616.0 < {{share}}
