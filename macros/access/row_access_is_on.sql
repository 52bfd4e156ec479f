{#- Whether clients see rows of their own advertisers only: the variable row_access_mapping names the relation
    that says which, or is `master_data` for what the portal says. It is Redshift's; a warehouse with users that cannot keep the promise stops the run. -#}
{% macro row_access_is_on() -%}
    {%- if not var('row_access_mapping') or target.type == 'duckdb' -%}
        {{ return(false) }}
    {%- elif target.type != 'redshift' -%}
        {{ exceptions.raise_compiler_error(
            "The variable row_access_mapping is set, but row-level security is for Redshift only: build without"
            ~ " it, and do not let clients read this warehouse."
        ) }}
    {%- endif -%}
    {{ return(true) }}
{%- endmacro %}
