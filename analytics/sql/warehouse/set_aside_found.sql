-- The condition of a page of rows set aside and of their total: of a kind and table (null: any), holding a text in any column.
($kind::varchar is null or kind = $kind)
and ($table_name::varchar is null or "table" = $table_name)
and (
    $held = ''
    or contains(lower(file), lower($held))
    or contains(lower("column"), lower($held))
    or contains(lower(reason), lower($held))
    or contains(lower(raw), lower($held))
)
