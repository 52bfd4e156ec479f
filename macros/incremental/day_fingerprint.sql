{#- Columns that say whether two sets of click records of a day are the same set: their number, the sum of
    their ids, and a sum that pairs each file with its lines (so that swapped lines do not cancel out). -#}
{% macro day_fingerprint() -%}
    count(*) as records,
    cast(sum(cast(click_id as numeric(38, 0))) as numeric(38, 0)) as click_ids,
    cast(sum(mod(file_id, 1000003) * line_number) as numeric(38, 0)) as lines
{%- endmacro %}
