{#- A query of the clicks that commissions name, by the number of the method (1 is the surest): the network's own id of the click,
    which its click feed has as well; and the event id that our redirector puts on the link as the sub id. -#}
{% macro named_clicks(commissions) -%}
    select
        commission_key,
        network_code,
        occurred_at,
        1 as method_number,
        {{ dimension_key(['network_code', 'click_code'], plain=['network_code']) }} as click_id
    from {{ commissions }} as naming_a_click
    where click_code is not null
    union all
    select
        commission_key,
        network_code,
        occurred_at,
        2 as method_number,
        {{ dimension_key(["'redirector'", 'sub_id'], plain=["'redirector'"]) }} as click_id
    from {{ commissions }} as naming_a_sub_id
    where sub_id is not null
{%- endmacro %}
