{#- Post-hook of int_sessions__events: like `remember`, but copies only what was stitched anew, and strikes that off. -#}
{% macro remember_stitches() -%}
    {%- if is_incremental() -%}
        {%- set memory = remembered('int_visitors__stitched') -%}
        {%- set condition = is_stitched_anew() -%}
        delete from {{ memory }} where {{ condition }};
        insert into {{ memory }} select * from {{ ref('int_visitors__stitched') }} where {{ condition }};
    {%- else -%}
        {{ remember('int_visitors__stitched') }};
    {%- endif %}
    delete from {{ stitched_anew() }}
{%- endmacro %}
