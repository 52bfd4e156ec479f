{#- Whether a user agent in lower case has a shape of `user_agent_shapes`. -#}
{% macro user_agent_shape_matches(folded, shape) -%}
    {%- set expressions = user_agent_shapes()[shape] -%}
    (
        {%- for pattern in expressions['one_of'] %}
        {{ 'or ' if not loop.first }}{{ regex_matches(folded, pattern) }}
        {%- endfor %}
    )
    {%- for pattern in expressions.get('unless', []) %}
    and not {{ regex_matches(folded, pattern) }}
    {%- endfor %}
{%- endmacro %}
