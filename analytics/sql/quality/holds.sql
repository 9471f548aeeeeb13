-- Which tables hold a row at all: what a source does not have can't be missing from it.
select
    exists (select 1 from merchants) as merchants,
    exists (select 1 from buyers) as buyers,
    exists (select 1 from products) as products,
    exists (select 1 from tickets) as tickets,
    exists (select 1 from fct_order) as fct_order
